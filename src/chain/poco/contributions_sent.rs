//! The transactions by which workers contributed to tasks, each answer of the node held against another one.

use std::collections::BTreeMap;

use super::contribution_held::Claim;
use super::contribution_place::{ContributionPlace, is_refusal};
use super::contribution_sent::{NotFound, Search};
use super::hub::Hub;
use super::task::Task;
use crate::chain::rpc::RpcError;
use crate::wallet::address::Address;

impl Hub {
    /// The calls by which workers contributed to tasks, in the order of the tasks. What is alike of several is asked once.
    ///
    /// # Errors
    /// When the node cannot be asked. What it does not know, or refuses to tell, is in the answer.
    pub fn contributions_sent(
        &self,
        wanted: &[(&Task, &[Address])],
    ) -> Result<Vec<BTreeMap<Address, Search>>, RpcError> {
        let places = self.places_of_all(wanted)?;
        let mut claims = Vec::new();
        let mut found = Vec::with_capacity(wanted.len());
        for ((task, workers), places) in wanted.iter().zip(places) {
            let mut of_task = BTreeMap::new();
            for worker in *workers {
                let place = places.as_ref().map_err(|why| *why).and_then(|places| {
                    let place = places.iter().find(|it| it.worker == *worker);
                    place.copied().ok_or(NotFound::NoEvent)
                });
                of_task.insert(*worker, place.map(|_| claims.len()));
                claims.extend(place.ok().map(|place| Claim { task, place }));
            }
            found.push(of_task);
        }
        let held = self.held(&claims)?;
        let search = |place: Result<usize, NotFound>| held[place?].clone();
        let of_task = |found: BTreeMap<Address, _>| {
            let searches = found.into_iter();
            searches.map(|(worker, it)| (worker, search(it))).collect()
        };
        Ok(found.into_iter().map(of_task).collect())
    }

    fn places_of_all(
        &self,
        wanted: &[(&Task, &[Address])],
    ) -> Result<Vec<Result<Vec<ContributionPlace>, NotFound>>, RpcError> {
        let together = match self.places_together(wanted) {
            Err(error) if is_refusal(&error) => vec![None; wanted.len()],
            places => places?,
        };
        let places = |(known, (task, workers)): (Option<_>, &(&Task, &[Address]))| match known {
            Some(places) => Ok(Ok(places)),
            None => match self.places(task, workers) {
                Err(error) if is_refusal(&error) => Ok(Err(NotFound::NoBlocks)),
                places => places,
            },
        };
        together.into_iter().zip(wanted).map(places).collect()
    }
}
