//! What stands around every router, through a router.

mod deadline;
