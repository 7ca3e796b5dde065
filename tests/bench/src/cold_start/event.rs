//! The first event of a function: a request, as API Gateway puts it (payload format 2.0).

use serde_json::{Value, json};

/// What a function is asked for.
struct Ask {
    method: &'static str,
    path: &'static str,
    body: Option<Value>,
}

/// Asks `function` for something that it looks for in the table, with the `token` of a vendor who names a tenant.
pub(crate) fn first_of(function: &str, token: &str) -> Value {
    let Ask { method, path, body } = ask(function);
    let route = format!("{method} {path}");
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "authorization": format!("Bearer {token}"),
            "content-type": "application/json",
            "frontegg-tenant-id": "acme",
            "host": "auth.example.com",
            "user-agent": "curl/8.5.0",
            "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "x-forwarded-for": "198.51.100.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "111122223333",
            "apiId": "api",
            "domainName": "auth.example.com",
            "domainPrefix": "auth",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "198.51.100.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": "$default",
            "time": "10/Mar/2026:05:16:23 +0000",
            "timeEpoch": 1_773_119_783_220_i64,
        },
        "body": body.map(|body| body.to_string()),
        "isBase64Encoded": false,
    })
}

fn ask(function: &str) -> Ask {
    let get = |path| Ask { method: "GET", path, body: None };
    match function {
        "vendor-auth" => Ask {
            method: "POST",
            path: "/auth/vendor",
            body: Some(json!({ "clientId": "7e0ef2f8-6a4a-4e7c-9e55-0f5c9b2b8a11", "secret": "secret" })),
        },
        "authentication" => get("/.well-known/openid-configuration"),
        "authorization" => get("/identity/resources/permissions/v1"),
        "users" => get("/identity/resources/users/v1/7e0ef2f8-6a4a-4e7c-9e55-0f5c9b2b8a11"),
        "tenant-invites" => get("/identity/resources/tenants/invites/v1/configuration"),
        "vendor-only" => get("/identity/resources/vendor-only/users/v1/7e0ef2f8-6a4a-4e7c-9e55-0f5c9b2b8a11"),
        "vendor-configuration" => get("/identity/resources/configurations/v1"),
        "tenants" => get("/tenants/resources/tenants/v1/acme"),
        "api-tokens" => get("/identity/resources/tenants/api-tokens/v1"),
        // The smallest answers whatever it is asked.
        _ => get("/health"),
    }
}
