//! Both sides find the same SMS in one `chain.json`.

use serde_json::json;

use super::side::{Side, chain, write_chains, write_plain_wallet};

use crate::support::sms::Sms;
use crate::support::{Sdk, Work};

/// Both sides ask this SMS.
fn both_ask(sms: &Sms, work: &Work<'_>, sdk: &Sdk, options: &[&str]) {
    let before = sms.requests().len();
    for side in [Side::Sdk(sdk), Side::Ours] {
        assert!(!side.check(work, options));
    }
    assert_eq!(sms.requests().len(), before + 2, "{options:?}");
}

#[test]
fn version_8_and_we_find_the_sms_of_each_framework() {
    let Some(sdk) = Sdk::find(Sdk::V8) else {
        return;
    };
    let work = Work::without_token();
    write_plain_wallet(&work);
    let (scone, gramine, tdx) = (Sms::start(), Sms::start(), Sms::start());
    let mut default = chain(&scone);
    default["sms"] = json!({ "scone": scone.url(), "gramine": gramine.url() });
    let bellecour =
        json!({ "sms": { "scone": scone.url(), "tdx": tdx.url() }, "defaultTeeFramework": "tdx" });
    write_chains(&work, [("default", default), ("bellecour", bellecour)]);
    both_ask(&scone, &work, &sdk, &[]);
    both_ask(&gramine, &work, &sdk, &["--tee-framework", "gramine"]);
    both_ask(&tdx, &work, &sdk, &["--chain", "134"]);

    let missing = ["--tee-framework", "tdx"];
    let theirs = Side::Sdk(&sdk).try_check(&work, &missing).unwrap_err();
    let ours = Side::Ours.try_check(&work, &missing).unwrap_err();
    assert!(ours.starts_with(&theirs), "{ours} | {theirs}");

    let asked = [&scone, &gramine, &tdx].map(|sms| sms.requests().len());
    assert_eq!(asked, [2, 2, 2]);
}

#[test]
fn nobody_asks_the_sms_of_a_chain_json_that_is_wrong_elsewhere() {
    let work = Work::without_token();
    write_plain_wallet(&work);
    let sms = Sms::start();
    let wrong = json!({ "id": 134 });
    write_chains(&work, [("default", chain(&sms)), ("other", wrong)]);
    for sdk in Sdk::all() {
        let theirs = Side::Sdk(&sdk).try_check(&work, &[]).unwrap_err();
        assert!(theirs.contains("id must be a `string`"), "{theirs}");
    }
    let ours = Side::Ours.try_check(&work, &[]).unwrap_err();
    assert!(ours.contains("chains.other.id: a string"), "{ours}");
    assert_eq!(sms.methods(), "");
}
