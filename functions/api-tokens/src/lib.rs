//! API tokens, as they are managed: those of tenants, and those of users. What they are exchanged for comes from
//! `authentication`, the function that signs.

mod creation;
mod grants;
mod tenant_tokens;
#[cfg(test)]
mod tests;
mod user_tokens;

rookery_http::endpoints![
    tenant_tokens::create_v1,
    tenant_tokens::list,
    tenant_tokens::update,
    tenant_tokens::remove,
    tenant_tokens::create_v2,
    user_tokens::create,
    user_tokens::list,
    user_tokens::remove,
];
