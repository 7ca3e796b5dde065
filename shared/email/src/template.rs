//! Templates of mails, as vendors write them.
//!
//! They are Handlebars, of which a template may use variables, comments, `{{#if}}` and `{{#unless}}`, with `{{else}}`. None of
//! these repeats anything or calls anything, so what a template costs is bounded by its own length. Values are escaped in
//! HTML. The link alone may be written as it is, `{{{redirectURL}}}`, as it is none of what people write about themselves.

use std::io;

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{Context, Handlebars, Output, RenderContext, RenderError, Renderable as _};
use rookery_domain::{JsonObject, TemplateKind};

use crate::variables::{LINK, Variables};

/// How many expressions a template may have.
const MOST_EXPRESSIONS: usize = 500;
/// How deep blocks may stand in blocks.
const MOST_BLOCKS: usize = 100;
/// How long what a template renders to may be, in bytes.
const LONGEST_OUTPUT: usize = 1024 * 1024;

/// Why a template cannot be used. The texts tell whoever wrote it what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// It is no template.
    #[error("it is no Handlebars template: {0}")]
    Syntax(String),
    /// It uses more of Handlebars than it may.
    #[error(
        "{0} is not supported: a template has variables, such as {{{{name}}}}, {{{{#if}}}} and {{{{#unless}}}}"
    )]
    Unsupported(String),
    /// It names something that mails of its kind are not given.
    #[error("there is no variable {name} in a mail of this type, but {known}")]
    Unknown {
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// It has too many expressions, or too many blocks.
    #[error("it has more than {MOST_EXPRESSIONS} expressions or {MOST_BLOCKS} blocks")]
    TooMuch,
}

/// Whether a value is written into HTML or into plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Html,
    Text,
}

/// A template that can be rendered.
pub(crate) struct Template(handlebars::Template);

impl Template {
    /// Reads the template of one of the mails of `kind`.
    pub(crate) fn parse(source: &str, kind: TemplateKind) -> Result<Self, TemplateFault> {
        // Before it is parsed, which takes stack for each block in a block.
        let count = |text| source.matches(text).count();
        if count("{{") > MOST_EXPRESSIONS || count("{{#") + count("{{~#") + count("else") > MOST_BLOCKS {
            return Err(TemplateFault::TooMuch);
        }
        let template = handlebars::Template::compile(source).map_err(|error| {
            let (line, column) = error.pos().unwrap_or_default();
            TemplateFault::Syntax(format!("{} (line {line}, column {column})", error.reason()))
        })?;
        check(&template, &Variables::of(kind))?;
        Ok(Self(template))
    }

    /// What it says with `variables`; those that are not there are left empty.
    pub(crate) fn render(&self, format: Format, variables: &JsonObject) -> Result<String, RenderError> {
        let mut registry = Handlebars::new();
        match format {
            Format::Html => registry.register_escape_fn(escape),
            Format::Text => registry.register_escape_fn(handlebars::no_escape),
        }
        let mut output = Bounded(String::new());
        let context = Context::wraps(variables)?;
        self.0.render(&registry, &context, &mut RenderContext::new(None), &mut output)?;
        Ok(output.0)
    }
}

/// Checks that `template` does nothing but name variables of `variables`.
fn check(template: &handlebars::Template, variables: &Variables) -> Result<(), TemplateFault> {
    template.elements.iter().try_for_each(|element| match element {
        TemplateElement::RawString(_) | TemplateElement::Comment(_) => Ok(()),
        TemplateElement::Expression(expression) => variables.require(variable(expression)?),
        TemplateElement::HtmlExpression(expression) => match variable(expression)? {
            LINK => Ok(()),
            name => Err(TemplateFault::Unsupported(format!("{{{{{{{name}}}}}}}"))),
        },
        TemplateElement::HelperBlock(block) => check_block(block, variables),
        TemplateElement::PartialExpression(_)
        | TemplateElement::PartialBlock(_)
        | TemplateElement::DecoratorExpression(_)
        | TemplateElement::DecoratorBlock(_)
        | _ => Err(TemplateFault::Unsupported("a partial ({{>) or a decorator ({{*)".to_owned())),
    })
}

fn check_block(block: &HelperTemplate, variables: &Variables) -> Result<(), TemplateFault> {
    let name = block.name.as_name().unwrap_or_default();
    let ([condition @ Parameter::Path(_)], "if" | "unless", true, None) =
        (block.params.as_slice(), name, block.hash.is_empty(), &block.block_param)
    else {
        return Err(TemplateFault::Unsupported(format!("{{{{#{name}}}}} with what follows it")));
    };
    variables.require(condition.as_name().unwrap_or_default())?;
    let mut parts = [&block.template, &block.inverse].into_iter().flatten();
    parts.try_for_each(|part| check(part, variables))
}

/// The name of the variable that `expression` is.
fn variable(expression: &HelperTemplate) -> Result<&str, TemplateFault> {
    let is_alone = expression.params.is_empty() && expression.hash.is_empty();
    let name = expression.name.as_name();
    name.filter(|_| is_alone).ok_or_else(|| {
        let name = name.unwrap_or("(an expression in an expression)");
        TemplateFault::Unsupported(format!("{{{{{name}}}}} with what follows it"))
    })
}

/// A slash is harmless in text and in a quoted attribute, as `=` is, and a link stays readable in the source.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text that does not grow beyond its bound.
struct Bounded(String);

impl Output for Bounded {
    fn write(&mut self, text: &str) -> Result<(), io::Error> {
        if self.0.len() + text.len() > LONGEST_OUTPUT {
            return Err(io::Error::other("the mail would be longer than 1 MiB"));
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
