//! What stands around every router, through a router.

mod answer_size;
mod deadline;
