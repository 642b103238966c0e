//! Whatever a node answers: it is read or refused in words, and a task that is read from it is told in the SDK's JSON.
#![no_main]

use iexec_hsm::fuzzing::{node_answer, node_answers, task_of};
use libfuzzer_sys::fuzz_target;
use properties::check_message;

fuzz_target!(|body: &[u8]| {
    if let Err(error) = node_answer(body) {
        check_message(&error);
        assert!(error.to_string().chars().count() < 400, "{error}");
    }
    match node_answers(body, 3) {
        Ok(Some(all)) => assert_eq!(all.len(), 3),
        Ok(None) => {}
        Err(error) => check_message(&error),
    }
    let Some(task) = task_of(body) else { return };
    assert!(task.contributors.len() * 32 <= body.len());
    let results = task.results_json();
    assert!(results.to_string().len() <= 16 * body.len() + 32);
});
