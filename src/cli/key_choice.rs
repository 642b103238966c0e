//! The choice of one result key.

use super::context::Context;
use super::pins::Pins;
use super::ui::failure::Failure;
use crate::envelope::PublicKey;
use crate::token::{ResultKey, Session};

/// A result key that was chosen, on its token.
pub(crate) struct ChosenKey {
    pub(crate) session: Session,
    pub(crate) key: ResultKey,
}

impl ChosenKey {
    /// Finds the key that is named, else that of the address, else the only one. `pins` gives the
    /// login without which private keys are not visible; without it the public keys are looked at.
    pub(crate) fn find(context: &Context, pins: Option<&mut Pins>) -> Result<Self, Failure> {
        Self::find_knowing(context, pins, None)
    }

    /// Does the same with a public key that the token may not show.
    pub(crate) fn find_knowing(
        context: &Context,
        pins: Option<&mut Pins>,
        known: Option<&PublicKey>,
    ) -> Result<Self, Failure> {
        let records = context.key_records(None)?;
        let (module, token) = context.locate(&records)?;
        let mut session = match pins {
            Some(pins) => Session::open_user(&module, &token, pins)?,
            None => Session::open(&module, &token)?,
        };
        if let Some(public) = known {
            session.know(None, public.clone());
        }
        records.make_known(&mut session);
        let keys = session.result_keys()?;
        let key = records.choose(&token, keys, context.settings.key.as_ref())?;
        Ok(Self { session, key })
    }
}
