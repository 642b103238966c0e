use super::check::Check;
use crate::envelope::AesBackend;

pub(super) fn check() -> Check {
    let backend = AesBackend::in_use();
    match backend {
        AesBackend::Software => Check::warning("AES", "done in software: large results open slowly")
            .fix("Use a machine whose processor has AES instructions, or let the virtual machine have them."),
        _ => Check::ok("AES", format!("by {}", backend.as_str())),
    }
}
