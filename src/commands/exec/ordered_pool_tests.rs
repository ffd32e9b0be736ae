//! Tests of [`OrderedPool`], without a service.

use std::cell::RefCell;
use std::rc::Rc;

use proptest::prelude::*;
use tokio::sync::oneshot;

use super::*;

/// What answers a job; none is left of one that is answered.
type Open = Option<oneshot::Sender<Result<usize, usize>>>;

/// Answers to jobs, which are given when a test says so.
#[derive(Clone, Default)]
struct Service(Rc<RefCell<Vec<Open>>>);

impl Service {
    /// How many jobs were sent to it, answered or not.
    fn sent(&self) -> usize {
        self.0.borrow().len()
    }

    fn in_flight(&self) -> Vec<usize> {
        self.0.borrow().iter().enumerate().filter_map(|(at, open)| open.as_ref().map(|_| at)).collect()
    }

    fn answer(&self, at: usize, answer: Result<usize, usize>) {
        self.0.borrow_mut()[at].take().unwrap().send(answer).unwrap();
    }

    fn call(&self, job: usize) -> impl Future<Output = Result<usize, usize>> + use<> {
        let service = self.clone();
        async move {
            let (sender, answer) = oneshot::channel();
            assert_eq!(service.sent(), job, "jobs are sent in their order");
            service.0.borrow_mut().push(Some(sender));
            answer.await.unwrap()
        }
    }
}

fn jobs(subjects: &[Option<&str>]) -> Vec<Job<usize>> {
    let job = |(request, subject): (usize, &Option<&str>)| Job { request, subject: subject.map(str::to_owned) };
    subjects.iter().enumerate().map(job).collect()
}

fn bounds(width: usize) -> PoolLimits<usize> {
    PoolLimits { width, ends: |_| true }
}

/// What is there without waiting.
fn now<R, S, F>(flight: &mut OrderedPool<R, S, F, usize, usize>) -> Option<Vec<Completed<usize, usize>>>
where
    S: FnMut(R) -> F,
    F: Future<Output = Result<usize, usize>>,
{
    match flight.poll_next(&mut Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(landed) => Some(landed),
        Poll::Pending => None,
    }
}

/// As [`now`], until nothing more is there.
fn all_now<R, S, F>(flight: &mut OrderedPool<R, S, F, usize, usize>) -> Vec<Completed<usize, usize>>
where
    S: FnMut(R) -> F,
    F: Future<Output = Result<usize, usize>>,
{
    let mut all = Vec::new();
    while let Some(landed) = now(flight).filter(|landed| !landed.is_empty()) {
        all.extend(landed);
    }
    all
}

#[test]
fn half_of_what_may_be_in_flight_is_handed_back_together() {
    for (width, together) in [(1, 1), (2, 1), (3, 2), (4, 2), (16, MAX_TOGETHER), (1000, MAX_TOGETHER)] {
        let service = Service::default();
        let mut flight = OrderedPool::new(jobs(&vec![None; width]), bounds(width), |job| service.call(job));
        assert_eq!((now(&mut flight), service.sent()), (None, width));
        (0..width).for_each(|at| service.answer(at, Ok(at)));
        assert_eq!(now(&mut flight).map(|landed| landed.len()), Some(together), "{width}");
        assert_eq!(all_now(&mut flight).len(), width - together);
    }
}

#[test]
fn so_many_are_in_flight_and_outcomes_wait_for_those_before_them() {
    let service = Service::default();
    let mut flight = OrderedPool::new(jobs(&[None; 7]), bounds(3), |job| service.call(job));
    assert_eq!((now(&mut flight), service.in_flight()), (None, vec![0, 1, 2]));
    service.answer(2, Ok(2));
    service.answer(1, Ok(1));
    // Those that wait for their turn are not in flight: two more are.
    assert_eq!((now(&mut flight), service.in_flight()), (None, vec![0, 3, 4]));
    assert_eq!((flight.ended(), flight.in_flight(), flight.unsent()), (2, 3, 2));
    service.answer(0, Ok(0));
    assert_eq!(all_now(&mut flight), [(0, Ok(0)), (1, Ok(1)), (2, Ok(2))]);
    assert_eq!(service.in_flight(), [3, 4, 5]);
    for at in [5, 4, 3] {
        service.answer(at, Ok(at));
    }
    assert_eq!(all_now(&mut flight), [(3, Ok(3)), (4, Ok(4)), (5, Ok(5))]);
    service.answer(6, Ok(6));
    assert_eq!(now(&mut flight), Some(vec![(6, Ok(6))]));
    assert_eq!(now(&mut flight), Some(vec![]));
}

#[test]
fn what_is_answered_at_once_is_handed_back_in_between() {
    let sent = RefCell::new(0);
    let mut flight = OrderedPool::new(jobs(&[None; MAX_TOGETHER + 1]), bounds(2 * MAX_TOGETHER), |job| {
        *sent.borrow_mut() += 1;
        std::future::ready(Ok::<_, usize>(job))
    });
    assert_eq!(now(&mut flight).unwrap().len(), MAX_TOGETHER);
    assert_eq!(*sent.borrow(), MAX_TOGETHER, "none is sent before the one before it is told");
    assert_eq!(now(&mut flight), Some(vec![(MAX_TOGETHER, Ok(MAX_TOGETHER))]));
    assert_eq!(now(&mut flight), Some(vec![]));
}

#[test]
fn others_have_their_turn_where_all_is_answered_at_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let other = tokio::spawn(async {});
        let at_once = |job| std::future::ready(Ok::<_, usize>(job));
        let mut flight = OrderedPool::new(jobs(&[None; 2 * MAX_TOGETHER]), bounds(2 * MAX_TOGETHER), at_once);
        flight.next().await;
        assert!(!other.is_finished());
        flight.next().await;
        assert!(other.is_finished());
    });
}

#[test]
fn a_failure_ends_the_sending_and_not_what_is_in_flight() {
    let service = Service::default();
    let mut flight = OrderedPool::new(jobs(&[None; 9]), bounds(4), |job| service.call(job));
    assert_eq!(now(&mut flight), None);
    service.answer(2, Err(7));
    assert_eq!((now(&mut flight), service.in_flight()), (None, vec![0, 1, 3]));
    service.answer(3, Ok(3));
    service.answer(0, Ok(0));
    assert_eq!(now(&mut flight), Some(vec![(0, Ok(0))]));
    service.answer(1, Err(8));
    assert_eq!(all_now(&mut flight), [(1, Err(8)), (2, Err(7)), (3, Ok(3))]);
    assert_eq!((now(&mut flight), service.sent(), flight.unsent()), (Some(vec![]), 4, 5));
}

#[test]
fn one_after_the_other_none_is_sent_behind_a_failure() {
    let service = Service::default();
    let mut flight = OrderedPool::new(jobs(&[None; 3]), bounds(1), |job| service.call(job));
    assert_eq!((now(&mut flight), service.sent()), (None, 1));
    service.answer(0, Ok(0));
    assert_eq!((now(&mut flight), service.sent()), (Some(vec![(0, Ok(0))]), 2));
    service.answer(1, Err(1));
    assert_eq!((now(&mut flight), now(&mut flight), service.sent()), (Some(vec![(1, Err(1))]), Some(vec![]), 2));
}

#[test]
fn failures_that_end_nothing_are_outcomes_like_others() {
    let service = Service::default();
    let bounds = PoolLimits { width: 2, ends: |error| *error == 9 };
    let mut flight = OrderedPool::new(jobs(&[None; 4]), bounds, |job| service.call(job));
    assert_eq!(now(&mut flight), None);
    service.answer(0, Err(1));
    assert_eq!((now(&mut flight), service.in_flight()), (Some(vec![(0, Err(1))]), vec![1, 2]));
    service.answer(2, Err(9));
    assert_eq!((now(&mut flight), service.in_flight()), (None, vec![1]));
    service.answer(1, Ok(1));
    assert_eq!(all_now(&mut flight), [(1, Ok(1)), (2, Err(9))]);
    assert_eq!((now(&mut flight), flight.unsent()), (Some(vec![]), 1));
}

#[test]
fn two_about_one_thing_are_never_in_flight_together() {
    let service = Service::default();
    let subjects = [Some("a"), None, Some("a"), Some("b"), None];
    let mut flight = OrderedPool::new(jobs(&subjects), bounds(9), |job| service.call(job));
    assert_eq!((now(&mut flight), service.in_flight()), (None, vec![0, 1]));
    service.answer(1, Ok(1));
    assert_eq!((now(&mut flight), service.in_flight()), (None, vec![0]));
    service.answer(0, Ok(0));
    assert_eq!(now(&mut flight), Some(vec![(0, Ok(0)), (1, Ok(1))]));
    assert_eq!(service.in_flight(), [2, 3, 4]);
}

#[test]
fn what_is_stopped_ends_with_what_is_in_flight() {
    let service = Service::default();
    let mut flight = OrderedPool::new(jobs(&[None; 5]), bounds(2), |job| service.call(job));
    assert_eq!(now(&mut flight), None);
    flight.shutdown();
    service.answer(0, Ok(0));
    assert_eq!((now(&mut flight), service.in_flight()), (Some(vec![(0, Ok(0))]), vec![1]));
    service.answer(1, Ok(1));
    assert_eq!((now(&mut flight), now(&mut flight)), (Some(vec![(1, Ok(1))]), Some(vec![])));
    assert_eq!((service.sent(), flight.unsent()), (2, 3));
}

#[test]
fn what_is_abandoned_tells_what_is_known() {
    let service = Service::default();
    let mut flight = OrderedPool::new(jobs(&[None; 9]), bounds(4), |job| service.call(job));
    assert_eq!(now(&mut flight), None);
    flight.shutdown();
    service.answer(3, Ok(3));
    service.answer(1, Err(1));
    assert_eq!(now(&mut flight), None);
    assert_eq!(flight.abandon(), (vec![(1, Err(1)), (3, Ok(3))], vec![0, 2]));
}

#[test]
fn what_is_left_makes_a_gap_before_what_still_ends() {
    let service = Service::default();
    let mut flight = OrderedPool::new(jobs(&[None; 9]), bounds(4), |job| service.call(job));
    assert_eq!(now(&mut flight), None);
    assert_eq!((flight.leave(|job| job == 2), flight.in_flight(), now(&mut flight)), (vec![0, 1, 3], 1, None));
    service.answer(2, Ok(2));
    assert_eq!((now(&mut flight), service.sent(), flight.unsent()), (Some(vec![]), 4, 5));
    assert_eq!(flight.abandon(), (vec![(2, Ok(2))], vec![]));
}

proptest! {
    /// Whatever is answered when: all come back once, in their order, and the bounds hold at any time.
    #[test]
    fn nothing_is_lost_or_doubled(
        width in 1_usize..6,
        subjects in prop::collection::vec(prop::option::of("[a-c]"), 0..30),
        order in prop::collection::vec(any::<prop::sample::Index>(), 30),
    ) {
        let service = Service::default();
        let given: Vec<Option<&str>> = subjects.iter().map(Option::as_deref).collect();
        let mut flight = OrderedPool::new(jobs(&given), bounds(width), |job| service.call(job));
        let mut landed = Vec::new();
        let mut order = order.into_iter();
        loop {
            match now(&mut flight) {
                Some(some) if some.is_empty() => break,
                Some(some) => landed.extend(some),
                None => {}
            }
            let in_flight = service.in_flight();
            prop_assert!(in_flight.len() <= width);
            let mut known: Vec<&str> = in_flight.iter().filter_map(|at| given[*at]).collect();
            let count = known.len();
            known.sort_unstable();
            known.dedup();
            prop_assert_eq!(known.len(), count);
            if !in_flight.is_empty() {
                let at = *order.next().unwrap().get(&in_flight);
                service.answer(at, Ok(at));
            }
        }
        prop_assert_eq!(landed, (0..given.len()).map(|at| (at, Ok(at))).collect::<Vec<_>>());
    }
}
