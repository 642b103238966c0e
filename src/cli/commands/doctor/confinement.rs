use super::check::Check;
use crate::confine::Wall;

/// The walls that this kernel can put around what works on results and tokens.
pub(super) fn check() -> Check {
    let (here, missing): (Vec<Wall>, Vec<Wall>) = Wall::ALL.iter().partition(|it| it.is_known());
    let names = |walls: &[Wall]| {
        walls
            .iter()
            .map(|it| it.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if missing.is_empty() {
        return Check::ok("confinement", format!("this kernel has {}", names(&here)));
    }
    let (here, missing) = (names(&here), names(&missing));
    let found = format!(
        "this kernel has {here}, but not {missing}: everything works without it, with less protection"
    );
    Check::warning("confinement", found)
        .fix("Landlock comes with Linux 5.19, where `lsm=` of the kernel's command line does not leave it out; containers may refuse it and seccomp.")
}
