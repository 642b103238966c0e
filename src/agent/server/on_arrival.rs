/// What unlocks a token that is waited for when it comes. The PIN is with the keeper.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnArrival {
    /// Whether there is one; the reader asks for it otherwise, or none is needed.
    pub(super) has_pin: bool,
    /// Whether the last attempt that the token grants may be used.
    pub(super) final_try: bool,
}
