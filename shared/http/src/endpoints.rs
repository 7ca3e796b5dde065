//! Declaring the endpoints of a group.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use utoipa_axum::PathItemExt as _;

use crate::AppState;

#[doc(hidden)]
pub use utoipa_axum::{paste, router::OpenApiRouter, routes};

/// Declares the endpoints of a group: the handlers, each of which `#[utoipa::path]` documents.
///
/// It makes two functions: `router` answers requests, `document` describes the endpoints. Functions on Lambda never call
/// `document`, so that it is not part of their programs: making it took up to a third of their start.
#[macro_export]
macro_rules! endpoints {
    ($($($handler:ident)::+),+ $(,)?) => {
        /// What answers requests to the group's endpoints.
        pub fn router() -> ::axum::Router<$crate::AppState> {
            let router = ::axum::Router::new();
            $(let router = $crate::endpoints!(@add router, $($handler)::+);)+
            router
        }

        /// The document that describes the group's endpoints.
        #[must_use]
        pub fn document() -> ::utoipa::openapi::OpenApi {
            let router = $crate::endpoints::OpenApiRouter::<$crate::AppState>::new();
            $(let router = router.routes($crate::endpoints::routes!($($handler)::+));)+
            router.into_openapi()
        }
    };
    (@add $router:ident, $handler:ident) => {
        $crate::endpoints::paste! {
            $crate::endpoints::add::<[<__path_ $handler>], _, _>($router, $handler)
        }
    };
    (@add $router:ident, $module:ident::$handler:ident) => {
        $crate::endpoints::paste! {
            $crate::endpoints::add::<$module::[<__path_ $handler>], _, _>($router, $module::$handler)
        }
    };
}

/// `router` with `handler` at the path and the methods that its documentation names.
#[doc(hidden)]
pub fn add<P, H, T>(router: Router<AppState>, handler: H) -> Router<AppState>
where
    P: utoipa::Path,
    H: Handler<T, AppState>,
    T: 'static,
{
    let methods = P::methods().into_iter().map(|method| method.to_method_filter());
    match methods.reduce(MethodFilter::or) {
        Some(filter) => router.route(&P::path(), on(filter, handler)),
        None => router,
    }
}
