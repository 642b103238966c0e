use serde_json::{Value, json};

use super::*;
use crate::chain::poco::{Domain, Id, U256};
use crate::text::hex;
use crate::wallet::address::Address;
use crate::wallet::software::SoftwareWallet;

/// Orders that the SDK has hashed and signed, and a hub has taken (iexec 8.24.0, PoCo 6.1.0).
fn vectors() -> Value {
    serde_json::from_str(include_str!("tests/vectors.json")).unwrap()
}

/// Those of the SDK's archive too, where it is there.
fn all_vectors() -> Vec<Value> {
    let mut all = vec![vectors()];
    if let Some(folder) = std::env::var_os("IEXEC_HSM_SDK_FIXTURES") {
        let file = std::path::Path::new(&folder).join("../chain/eip712-vectors.json");
        all.push(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap());
    }
    all
}

fn domain(vectors: &Value) -> Domain {
    let text = |key: &str| vectors["domain"][key].as_str().unwrap().to_owned();
    let mut domain = Domain::new(
        text("chainId").parse().unwrap(),
        text("verifyingContract").parse().unwrap(),
    );
    (domain.name, domain.version) = (text("name"), text("version"));
    domain
}

fn id(value: &Value) -> Id {
    value.as_str().unwrap().parse().unwrap()
}

/// The signed order under a name.
fn signed<O: Order>(vectors: &Value, name: &str) -> Signed<O> {
    let entry = &vectors["orders"][name];
    let mut json = entry["order"].clone();
    json["sign"] = entry["sign"].clone();
    Signed::from_json(json.to_string().as_bytes()).unwrap()
}

fn orders(vectors: &Value) -> Orders {
    Orders {
        app: signed(vectors, "apporder"),
        dataset: None,
        workerpool: signed(vectors, "workerpoolorder"),
        request: signed(vectors, "requestorder"),
    }
}

/// The order under a name has the hash that it should, the owner's signature, and the JSON that it was read from.
fn check<O: Order>(vectors: &Value, name: &str) {
    let entry = &vectors["orders"][name];
    let (order, domain) = (signed::<O>(vectors, name), domain(vectors));
    assert_eq!(O::TYPE, entry["encodeType"], "{name}");
    assert_eq!(order.order.hash(&domain), id(&entry["hash"]), "{name}");
    let key = entry["privateKey"].as_str().unwrap();
    let mut wallet = SoftwareWallet::from_text(key.as_bytes()).unwrap();
    let owner = entry["signer"].as_str().unwrap().parse().unwrap();
    let again = Signed::sign(order.order.clone(), owner, &domain, &mut wallet).unwrap();
    assert!(again.sign == order.sign, "{name}");
    let mut json = entry["order"].clone();
    json["sign"] = entry["sign"].clone();
    assert_eq!(serde_json::to_value(&order).unwrap(), json, "{name}");
}

#[test]
fn hashes_and_signatures_are_those_of_the_sdk() {
    for vectors in all_vectors() {
        let separator = domain(&vectors).separator();
        assert_eq!(separator, id(&vectors["domainSeparator"]));
        check::<AppOrder>(&vectors, "apporder");
        check::<DatasetOrder>(&vectors, "datasetorder");
        check::<WorkerpoolOrder>(&vectors, "workerpoolorder");
        check::<RequestOrder>(&vectors, "requestorder");
    }
}

#[test]
fn a_deal_is_known_before_it_is_made() {
    for vectors in all_vectors() {
        let request = signed::<RequestOrder>(&vectors, "requestorder").order;
        let deal = request.deal_id(&domain(&vectors));
        assert_eq!(deal, id(&vectors["ids"]["dealid"]));
        assert_eq!(deal.task(U256::ZERO), id(&vectors["ids"]["taskid0"]));
        let calldata = orders(&vectors).calldata();
        assert_eq!(
            format!("0x{}", hex::hex(&calldata)),
            vectors["matchOrders"]["calldata"]
        );
    }
}

#[test]
fn another_dataset_stands_in_the_call() {
    let vectors = vectors();
    let dataset = Some(signed(&vectors, "datasetorder"));
    let with = Orders {
        dataset,
        ..orders(&vectors)
    };
    let calldata = hex::hex(&with.calldata());
    let entry = &vectors["orders"]["datasetorder"];
    for part in [&entry["sign"], &entry["order"]["dataset"]] {
        let digits = part.as_str().unwrap()[2..].to_lowercase();
        assert!(calldata.contains(&digits), "{part}");
    }
}

/// The request of the published worked example.
#[test]
fn a_request_on_arbitrum_has_its_known_ids() {
    let address = |last: u8| Address::from(std::array::from_fn(|at| last * u8::from(at == 19)));
    let mut key = [0; 32];
    key[31] = 1;
    let mut wallet = SoftwareWallet::from_bytes(&key).unwrap();
    let me = crate::wallet::sign::Wallet::address(&wallet);
    let request = RequestOrder {
        app: address(0xb1),
        app_max_price: U256::ZERO,
        dataset: Address::ZERO,
        dataset_max_price: U256::ZERO,
        workerpool: address(0xc1),
        workerpool_max_price: U256::from(100_000_000),
        requester: me,
        volume: U256::from(1),
        tag: "tee,tdx".parse().unwrap(),
        category: U256::ZERO,
        trust: U256::ZERO,
        beneficiary: me,
        callback: Address::ZERO,
        params: r#"{"iexec_result_storage_provider":"ipfs","iexec_result_encryption":true}"#
            .to_owned(),
        salt: [0x55; 32].into(),
    };
    let hub = "0x098bFCb1E50ebcA0BaA92C12eA0c3F045A1aD9f0".parse();
    let domain = Domain::new(42_161, hub.unwrap());
    assert_eq!(
        request.hash(&domain).to_string(),
        "0x7e9fe3430443025482bb02b75cf3e230fac3176bb1855ab5582b7ff63bc210b8"
    );
    let deal = request.deal_id(&domain);
    assert_eq!(
        deal.to_string(),
        "0x62f18e42f98f3e894ac89b4398a1511fdc1466e61a137738d7c6df607eee5796"
    );
    assert_eq!(
        deal.task(U256::ZERO).to_string(),
        "0xc53be85f77694aa8eb345e025eaee669f8cb27cca2d05680538e97e209d53712"
    );
    let signed = Signed::request(request, &domain, &mut wallet).unwrap();
    assert_eq!(
        hex::hex(&signed.sign),
        "49e4bf5f4d55aa900547231a1008b11011d778cc416bdad7c0a8c4406b25cd54\
         5855d840235062ac78da895e68d3c1e9b45a759ced55ad673108041dddcb06bb1c"
    );
}

/// Another value for a field, of the same form.
fn changed(value: &Value) -> Value {
    let text = value.as_str().unwrap();
    let digits = match text.strip_prefix("0x") {
        None if text.starts_with('{') => return json!(format!("{text} ")),
        None => return json!(format!("{text}1")),
        Some(digits) => digits,
    };
    let (head, last) = digits.split_at(digits.len() - 1);
    let last = if last == "1" { '2' } else { '1' };
    json!(format!("0x{head}{last}").to_lowercase())
}

fn every_field_counts<O: Order>(name: &str) {
    let vectors = vectors();
    let order: O = signed(&vectors, name).order;
    let json = serde_json::to_value(&order).unwrap();
    let fields = json.as_object().unwrap();
    // One word for each field, and no field that has no part in the hash.
    assert_eq!(order.words().len(), 32 * fields.len(), "{name}");
    assert_eq!(O::TYPE.matches(',').count() + 1, fields.len(), "{name}");
    for domain in [domain(&vectors), Domain::new(1, Address::ZERO)] {
        let mut seen = std::collections::HashSet::from([order.hash(&domain)]);
        for (key, value) in fields {
            let mut other = json.clone();
            other[key] = changed(value);
            let other: O = serde_json::from_value(other).unwrap();
            assert!(seen.insert(other.hash(&domain)), "{name}: {key}");
        }
    }
}

#[test]
fn each_field_that_is_changed_changes_the_hash() {
    every_field_counts::<AppOrder>("apporder");
    every_field_counts::<DatasetOrder>("datasetorder");
    every_field_counts::<WorkerpoolOrder>("workerpoolorder");
    every_field_counts::<RequestOrder>("requestorder");
    let vectors = vectors();
    let order = signed::<AppOrder>(&vectors, "apporder").order;
    let here = domain(&vectors);
    for change in [
        |it: &mut Domain| it.name.push('x'),
        |it: &mut Domain| it.version.push('x'),
        |it: &mut Domain| it.chain_id += U256::from(1),
        |it: &mut Domain| it.hub = Address::ZERO,
    ] {
        let mut other = here.clone();
        change(&mut other);
        assert_ne!(order.hash(&other), order.hash(&here), "{other:?}");
    }
}

#[test]
fn only_the_one_who_has_to_sign_does() {
    let vectors = vectors();
    let request = signed::<RequestOrder>(&vectors, "requestorder").order;
    let key = vectors["orders"]["apporder"]["privateKey"]
        .as_str()
        .unwrap();
    let mut other = SoftwareWallet::from_text(key.as_bytes()).unwrap();
    let error = Signed::request(request, &domain(&vectors), &mut other).unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("Invalid order signer, must be the requester"),
        "{message}"
    );
}

#[test]
fn an_order_of_the_market_has_numbers() {
    let vectors = vectors();
    let as_text = signed::<WorkerpoolOrder>(&vectors, "workerpoolorder");
    let mut json = serde_json::to_value(&as_text).unwrap();
    for key in ["workerpoolprice", "volume", "category", "trust"] {
        let number: u64 = json[key].as_str().unwrap().parse().unwrap();
        json[key] = number.into();
    }
    json["_id"] = "5f1".into();
    let read = Signed::from_json(json.to_string().as_bytes()).unwrap();
    assert_eq!(as_text, read);
    assert!(!format!("{read:?}").contains("sign"), "{read:?}");
}

#[test]
fn what_is_no_order_is_refused_and_not_repeated() {
    let vectors = vectors();
    let good = serde_json::to_value(signed::<AppOrder>(&vectors, "apporder")).unwrap();
    let secret = "4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d";
    let refused = |json: String| {
        let error = Signed::<AppOrder>::from_json(json.as_bytes()).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("not an order: "), "{message}");
        assert!(!message.contains("4f3edf"), "{message}");
        assert!(message.len() < 200, "{message}");
    };
    for key in good.as_object().unwrap().keys() {
        let mut lacks = good.clone();
        lacks.as_object_mut().unwrap().remove(key);
        refused(lacks.to_string());
        for value in [json!(null), json!(-1), json!(1.5), json!([]), json!(secret)] {
            let mut wrong = good.clone();
            // A salt may be any 32 bytes; but `0x` is missing.
            wrong[key] = value;
            refused(wrong.to_string());
        }
        let twice = format!(r#"{{"{key}":{},"#, good[key]);
        refused(good.to_string().replacen('{', &twice, 1));
    }
    let mut long = good.clone();
    long["sign"] = format!("0x{}", "00".repeat(9_000)).into();
    refused(long.to_string());
    long["appprice"] = "9".repeat(79).into();
    refused(long.to_string());
    refused(" ".repeat(2 << 20));
    refused("[".repeat(100_000));
    for text in ["", "null", "[]", secret] {
        refused(text.to_owned());
    }
}
