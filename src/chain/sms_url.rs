use super::entry::Sms;
use super::error::ChainError;
use super::select::Chain;
use super::tee_framework::{FrameworkChoice, TeeFramework};

/// One Secret Management Service and what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmsUrl {
    /// The frameworks that it serves among those that were chosen.
    pub frameworks: Vec<TeeFramework>,
    /// The URL as it was given, with its path, if any. (The SDK drops the path.)
    pub url: String,
}

impl Chain {
    /// The framework that is used where none is named: the chain's own, else `scone`.
    pub fn default_tee_framework(&self) -> TeeFramework {
        self.entry.default_tee_framework.unwrap_or_default()
    }

    /// The frameworks that this chain has a service for.
    pub fn frameworks(&self) -> Vec<TeeFramework> {
        let has = |it: &TeeFramework| {
            self.entry
                .sms
                .as_ref()
                .is_some_and(|sms| sms.url(*it).is_some())
        };
        TeeFramework::ALL.into_iter().filter(has).collect()
    }

    /// The services of this chain for the chosen frameworks, each once.
    ///
    /// # Errors
    /// When the chain has no service, or none for the chosen framework.
    pub fn sms_urls(&self, choice: FrameworkChoice) -> Result<Vec<SmsUrl>, ChainError> {
        let sms = self.entry.sms.as_ref();
        let sms = sms.ok_or_else(|| ChainError::NoSms {
            chain: self.label(),
        })?;
        let chosen = match choice {
            FrameworkChoice::ChainDefault => self.default_tee_framework(),
            FrameworkChoice::One(framework) => framework,
            FrameworkChoice::All => return self.distinct(sms),
        };
        let url = sms.url(chosen).ok_or_else(|| ChainError::NoSmsFor {
            framework: chosen,
            chain: self.label(),
        })?;
        Ok(vec![SmsUrl {
            frameworks: vec![chosen],
            url: url.to_owned(),
        }])
    }

    fn distinct(&self, sms: &Sms) -> Result<Vec<SmsUrl>, ChainError> {
        let mut services: Vec<SmsUrl> = Vec::new();
        for framework in TeeFramework::ALL {
            let Some(url) = sms.url(framework) else {
                continue;
            };
            let same = |service: &&mut SmsUrl| {
                service.url.trim_end_matches('/') == url.trim_end_matches('/')
            };
            match services.iter_mut().find(same) {
                Some(service) => service.frameworks.push(framework),
                None => services.push(SmsUrl {
                    frameworks: vec![framework],
                    url: url.to_owned(),
                }),
            }
        }
        if services.is_empty() {
            return Err(ChainError::NoSms {
                chain: self.label(),
            });
        }
        Ok(services)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use FrameworkChoice::{All, ChainDefault, One};
    use TeeFramework::{Gramine, Scone, Tdx};

    const ARBITRUM: &str = "https://sms.arbitrum-mainnet.iex.ec";

    fn known(name: &str) -> Chain {
        Chain::choose(Some(name), None).unwrap()
    }

    fn urls(chain: &Chain, choice: FrameworkChoice) -> Vec<(Vec<TeeFramework>, String)> {
        let urls = chain.sms_urls(choice).unwrap().into_iter();
        urls.map(|sms| (sms.frameworks, sms.url)).collect()
    }

    #[test]
    fn every_framework_of_every_chain_has_its_url() {
        let sepolia = "https://sms.arbitrum-sepolia-testnet.iex.ec";
        for (name, scone, gramine, tdx) in [
            (
                "bellecour",
                Some("https://sms.iex.ec"),
                Some("https://sms.gramine.v8-bellecour.iex.ec"),
                None,
            ),
            (
                "arbitrum-sepolia-testnet",
                Some(sepolia),
                None,
                Some(sepolia),
            ),
            ("arbitrum-mainnet", Some(ARBITRUM), None, Some(ARBITRUM)),
        ] {
            for (framework, url) in [(Scone, scone), (Gramine, gramine), (Tdx, tdx)] {
                let found = known(name).sms_urls(One(framework));
                let found = found.ok().map(|found| found[0].url.clone());
                assert_eq!(found.as_deref(), url, "{name} {framework}");
            }
        }
    }

    #[test]
    fn a_chain_has_the_frameworks_that_it_has_a_service_for() {
        use TeeFramework::{Gramine, Scone, Tdx};
        for (name, there) in [
            ("bellecour", &[Scone, Gramine][..]),
            ("arbitrum-mainnet", &[Scone, Tdx]),
            ("arbitrum-sepolia-testnet", &[Scone, Tdx]),
            ("mainnet", &[]),
        ] {
            assert_eq!(known(name).frameworks(), there, "{name}");
        }
    }

    #[test]
    fn the_default_is_the_chains_own_else_scone() {
        let mut chain = known("bellecour");
        let scone = vec![(vec![Scone], "https://sms.iex.ec".to_owned())];
        assert_eq!(urls(&chain, ChainDefault), scone);
        chain.entry.default_tee_framework = Some(Gramine);
        let gramine = "https://sms.gramine.v8-bellecour.iex.ec".to_owned();
        assert_eq!(urls(&chain, ChainDefault), [(vec![Gramine], gramine)]);
        assert_eq!(urls(&chain, One(Scone)), scone);
    }

    #[test]
    fn all_names_each_service_once() {
        let both = (vec![Scone, Tdx], ARBITRUM.to_owned());
        assert_eq!(urls(&known("arbitrum-mainnet"), All), [both]);
        let bellecour = urls(&known("bellecour"), All);
        assert_eq!(bellecour[0], (vec![Scone], "https://sms.iex.ec".to_owned()));
        assert_eq!((bellecour.len(), &bellecour[1].0), (2, &vec![Gramine]));

        let mut chain = known("bellecour");
        chain.entry.sms = Some(Sms::PerFramework(BTreeMap::from([
            (Scone, "https://a/b/".to_owned()),
            (Gramine, "https://a/c".to_owned()),
            (Tdx, "https://a/b".to_owned()),
        ])));
        let expected = [
            (vec![Scone, Tdx], "https://a/b/".to_owned()),
            (vec![Gramine], "https://a/c".to_owned()),
        ];
        assert_eq!(urls(&chain, All), expected);
    }

    #[test]
    fn one_url_serves_every_framework() {
        let mut chain = known("bellecour");
        let url = "http://localhost:13300/sms".to_owned();
        chain.entry.sms = Some(Sms::One(url.clone()));
        assert_eq!(urls(&chain, One(Tdx)), [(vec![Tdx], url.clone())]);
        assert_eq!(urls(&chain, All), [(TeeFramework::ALL.to_vec(), url)]);
    }

    #[test]
    fn a_missing_service_is_named_in_the_words_of_the_sdk() {
        let text = |chain: &Chain, choice| chain.sms_urls(choice).unwrap_err().to_string();
        for choice in [ChainDefault, One(Tdx), All] {
            let text = text(&known("mainnet"), choice);
            assert!(text.starts_with("Missing sms in \"chain.json\" for chain 1"));
        }
        let expected = "Missing sms for tee framework tdx in \"chain.json\" for chain 134";
        assert!(text(&known("bellecour"), One(Tdx)).starts_with(expected));

        let mut chain = known("bellecour");
        chain.entry.sms = Some(Sms::PerFramework(BTreeMap::new()));
        let expected = "Missing sms for tee framework scone in \"chain.json\" for chain 134";
        assert!(text(&chain, ChainDefault).starts_with(expected));
        let expected = "Missing sms in \"chain.json\" for chain 134";
        assert!(text(&chain, All).starts_with(expected));
    }
}
