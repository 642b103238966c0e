//! What apps need, and how long categories give them.

use alloy_primitives::U256;
use alloy_sol_types::sol;

use super::hub::Hub;
use crate::chain::TeeFramework;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

sol! {
    function m_appMREnclave() returns (bytes);
}

/// The enclave that an app is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppEnclave {
    /// It names none: it runs on Intel TDX, or without an enclave.
    Unnamed,
    /// One of this framework.
    Of(TeeFramework),
    /// One that is not known.
    Unknown,
}

impl Hub {
    /// The enclave that an app is made for, as its contract says.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn app_enclave(&self, app: Address) -> Result<AppEnclave, RpcError> {
        let measured = self.view_at(app, m_appMREnclaveCall {})?;
        Ok(AppEnclave::of(&measured))
    }

    /// The seconds that a task of a category has.
    ///
    /// # Errors
    /// As of [`Self::task`].
    pub fn time_of_category(&self, category: U256) -> Result<U256, RpcError> {
        let view = self.view(super::contracts::viewCategoryCall { id: category })?;
        let ratio = self.view(super::contracts::final_deadline_ratioCall {})?;
        Ok(view.workClockTimeRef.saturating_mul(ratio))
    }
}

impl AppEnclave {
    fn of(measured: &[u8]) -> Self {
        if measured.is_empty() {
            return Self::Unnamed;
        }
        let json: Option<serde_json::Value> = serde_json::from_slice(measured).ok();
        let framework = json.and_then(|it| it["framework"].as_str()?.parse().ok());
        framework.map_or(Self::Unknown, Self::Of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_framework_is_read_from_what_the_sdk_writes() {
        let of = |text: &str| AppEnclave::of(text.as_bytes());
        assert_eq!(of(""), AppEnclave::Unnamed);
        let scone = r#"{"framework":"SCONE","version":"v5","fingerprint":"ab"}"#;
        assert_eq!(of(scone), AppEnclave::Of(TeeFramework::Scone));
        assert_eq!(of("ab|cd"), AppEnclave::Unknown);
        assert_eq!(of(r#"{"framework":"SGX"}"#), AppEnclave::Unknown);
    }
}
