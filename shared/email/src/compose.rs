//! From a wording to templates.

use crate::wording::{Action, Wording};

/// The frame of every mail. Tables and inline styles are what Outlook understands; the classes are for dark mode and narrow
/// screens only. What fills the line after the preview keeps the mail's first words out of it.
const FRAME: &str = include_str!("../templates/frame.html");
/// A button that leads to the link, and the address beneath it for whoever cannot press it. The colour is the cell's and the
/// room around the label is the link's: Outlook draws the first and, by `mso-padding-alt`, makes up for the second.
const BUTTON: &str = include_str!("../templates/button.html");
/// A code to type.
const CODE: &str = include_str!("../templates/code.html");

/// The template of the HTML body.
pub(crate) fn html(wording: &Wording) -> String {
    let message: String = wording.message.iter().map(|text| paragraph(text)).collect();
    let action = match wording.action {
        Action::None => String::new(),
        Action::Link(label, validity) => {
            BUTTON.replace("<!--label-->", label).replace("<!--validity-->", validity)
        }
        Action::Code(validity) => CODE.replace("<!--validity-->", validity),
    };
    FRAME
        .replace("<!--preview-->", wording.preview)
        .replace("<!--heading-->", wording.heading)
        .replace("<!--message-->", &message)
        .replace("<!--action-->", &action)
        .replace("<!--reason-->", wording.reason)
}

/// The template of the plain text.
pub(crate) fn text(wording: &Wording) -> String {
    let mut parts: Vec<_> = wording.message.iter().map(|text| text.replace("**", "")).collect();
    match wording.action {
        Action::None => {}
        Action::Link(_, validity) => parts.extend(["{{redirectURL}}".to_owned(), validity.to_owned()]),
        Action::Code(validity) => parts.extend(["{{code}}".to_owned(), validity.to_owned()]),
    }
    format!(
        "{}\n\n--\n{}\n\nSent by {{{{senderName}}}} ({{{{senderEmail}}}}).\n",
        parts.join("\n\n"),
        wording.reason
    )
}

fn paragraph(text: &str) -> String {
    let parts = text.split("**").enumerate().map(|(number, part)| match number % 2 {
        0 => part.to_owned(),
        _ => format!("<strong style=\"font-weight: 600;\">{part}</strong>"),
    });
    format!("<p style=\"margin: 0 0 16px;\">{}</p>\n", parts.collect::<String>())
}
