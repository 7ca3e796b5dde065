//! Whether each function names the services that its role lets it use, and no others.

use std::collections::BTreeSet;
use std::fs;

use serde_yaml_ng::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What a function says of itself, the policy that its role then has, and the variable that the function then reads.
const CAPABILITIES: [(&str, &str, &str); 3] = [
    ("sending_mail", "Mail.Outputs.SendMail", "MAIL_CONFIGURATION_SET"),
    ("signing_user_tokens", "Keys.Outputs.SignUserTokens", "USER_KEY_WRAPPED"),
    ("signing_vendor_tokens", "Keys.Outputs.SignVendorTokens", "VENDOR_KEY_WRAPPED"),
];

#[test]
fn a_function_uses_what_its_role_allows_and_that_alone() {
    let template: Value =
        serde_yaml_ng::from_str(&fs::read_to_string(format!("{ROOT}/template.yaml")).unwrap()).unwrap();
    let resources = template["Resources"].as_mapping().unwrap().values();
    let functions: Vec<_> =
        resources.filter(|resource| resource["Type"] == "AWS::Serverless::Function").collect();
    assert!(!functions.is_empty());
    for function in functions {
        let properties = &function["Properties"];
        let code = properties["CodeUri"].as_str().unwrap();
        let main = fs::read_to_string(format!("{ROOT}/{code}/src/main.rs")).unwrap();
        let of = |holds: &dyn Fn(&(&str, &str, &str)) -> bool| -> BTreeSet<&str> {
            CAPABILITIES.iter().filter(|capability| holds(capability)).map(|(name, ..)| *name).collect()
        };
        let named = of(&|(name, ..)| main.contains(&format!(".{name}()")));
        let policies = properties["Policies"].as_sequence().unwrap();
        let allowed = of(&|(_, policy, _)| policies.iter().any(|entry| is_attribute(entry, policy)));
        let variables = &properties["Environment"]["Variables"];
        let set = of(&|(.., variable)| variables.get(variable).is_some());
        assert_eq!(
            (&named, &named),
            (&allowed, &set),
            "{code}: in main.rs, in its policies, in its variables"
        );
    }
}

/// Whether `entry` is `!GetAtt name`.
fn is_attribute(entry: &Value, name: &str) -> bool {
    let Value::Tagged(tagged) = entry else { return false };
    tagged.tag == "GetAtt" && tagged.value == name
}
