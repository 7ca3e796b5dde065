//! The audit log: what happened in a tenant or in the environment, searched, counted and exported.

mod export;
mod listing;
mod matching;
mod metrics;
mod record;
mod recording;
mod scope;
mod search;
mod statistics;
#[cfg(test)]
mod tests;

rookery_http::endpoints![
    listing::list,
    recording::add,
    statistics::get,
    export::export,
    export::export_v2,
    metrics::get,
    listing::list_v2,
    export::export_list_v2,
];
