//! What a template may do, and that it does nothing else.

use serde_json::json;

use super::*;
use crate::test_mails::object;

fn parse(source: &str) -> Result<Template, TemplateFault> {
    Template::parse(source, TemplateKind::InviteToTenant)
}

fn render(source: &str) -> String {
    let variables = object(json!({
        "name": "Jane & \"Co\" <x>",
        "tenantName": null,
        "redirectURL": "https://a.example/?b=c&d=e",
        "metadata": { "team": "sales", "list": [1, 2] },
    }));
    parse(source).unwrap().render(Format::Html, &variables).unwrap()
}

#[test]
fn variables_conditions_and_comments() {
    assert_eq!(render("Hello {{name}}!"), "Hello Jane &amp; &quot;Co&quot; &lt;x&gt;!");
    assert_eq!(
        render("{{#if name}}a{{else}}b{{/if}}{{#unless tenantName}}c{{/unless}}{{! d }}{{!-- e --}}"),
        "ac"
    );
    assert_eq!(render("{{#if tenantName}}a{{else if issuerName}}b{{else}}c{{/if}}"), "c");
    assert_eq!(render("{{metadata.team}}{{ metadata.nothing.at.all }}[{{tenantName}}]"), "sales[]");
    assert_eq!(
        render("{{redirectURL}} {{{redirectURL}}}"),
        "https://a.example/?b=c&amp;d=e https://a.example/?b=c&d=e"
    );
    assert_eq!(render("\\{{name}} { { } }"), "{{name}} { { } }");
}

#[test]
fn whatever_else_handlebars_can_do_is_refused_by_name() {
    for (source, fault) in [
        ("{{#each metadata.list}}x{{/each}}", "{{#each}} with what follows it is not supported"),
        ("{{#with metadata}}x{{/with}}", "{{#with}} with what follows it is not supported"),
        ("{{lookup metadata name}}", "{{lookup}} with what follows it is not supported"),
        ("{{log name}}", "{{log}} with what follows it is not supported"),
        ("{{#if (eq name tenantName)}}x{{/if}}", "{{#if}} with what follows it is not supported"),
        ("{{#if name includeZero=true}}x{{/if}}", "{{#if}} with what follows it is not supported"),
        ("{{> partial}}", "a partial ({{>) or a decorator ({{*) is not supported"),
        ("{{#*inline \"a\"}}x{{/inline}}", "a partial ({{>) or a decorator ({{*) is not supported"),
        ("{{{name}}}", "{{{name}}} is not supported"),
        ("{{&name}}", "{{{name}}} is not supported"),
    ] {
        let refused = parse(source).err().unwrap_or_else(|| panic!("{source}")).to_string();
        assert!(refused.starts_with(fault), "{source}: {refused}");
    }
}

#[test]
fn only_what_a_mail_is_given_can_be_named() {
    for source in [
        "{{nonsense}}",
        "{{code}}",
        "{{this}}",
        "{{../name}}",
        "{{@root.name}}",
        "{{name.length}}",
        "{{metadata/team}}",
        "{{metadata.[team]}}",
        "{{#if nonsense}}x{{/if}}",
        "{{#if name}}{{nonsense}}{{/if}}",
        "{{#if name}}x{{else}}{{nonsense}}{{/if}}",
    ] {
        let fault = parse(source).err().unwrap_or_else(|| panic!("{source}"));
        assert!(matches!(fault, TemplateFault::Unknown { .. }), "{source}: {fault}");
    }
    assert!(Template::parse("{{code}}", TemplateKind::OTC).is_ok());
}

#[test]
fn a_text_that_is_no_template_says_where() {
    for source in ["{{#if name}}x", "{{name", "{{/if}}", "a\nb {{#if}}x{{/if}}", "{{#if name}}x{{/unless}}"] {
        let fault = parse(source).err().unwrap_or_else(|| panic!("{source}"));
        assert!(
            !fault.to_string().is_empty() && !matches!(fault, TemplateFault::TooMuch),
            "{source}: {fault}"
        );
    }
}

#[test]
fn a_template_is_bounded_before_it_is_parsed() {
    let nested = |depth: usize| format!("{}x{}", "{{#if name}}".repeat(depth), "{{/if}}".repeat(depth));
    assert!(parse(&nested(100)).is_ok());
    let chain = format!("{{{{#if name}}}}{}{{{{/if}}}}", "{{else if name}}".repeat(200));
    for source in [nested(5_000), "{{name}}".repeat(501), chain] {
        assert_eq!(parse(&source).err(), Some(TemplateFault::TooMuch));
    }
}

#[test]
fn what_it_renders_to_is_bounded() {
    let variables = object(json!({ "name": "x".repeat(4_096) }));
    let template = parse(&"{{name}}".repeat(500)).unwrap();
    let error = template.render(Format::Html, &variables).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("xxxx"), "an error does not quote the variables");
}
