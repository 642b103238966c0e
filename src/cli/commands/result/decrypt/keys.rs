use crate::cli::ui::failure::Failure;
use crate::envelope::Unwrap;

/// The holder of keys that opens archives, one after the other.
pub(super) trait Keys {
    type Held: Unwrap<Error: Into<Failure>>;

    /// The keys; asked for once it is sure that an archive needs them.
    fn keys(&mut self) -> Result<&mut Self::Held, Failure>;
}
