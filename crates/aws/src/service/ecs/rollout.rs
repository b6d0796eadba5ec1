//! How far a service has come, as ECS tells it.

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState as State, DesiredStatus, Service, ServiceEvent, Task};
use aws_smithy_types::DateTime;
use provision_core::driver::Phase;

use super::short;
use crate::cloud::Cloud;
use crate::error::Op;
use crate::kind::Result;

/// How far the service has come toward the task definition `wanted`; `stopped` says why the newest of its
/// tasks that failed has stopped.
///
/// It is ready when it is steady: its one deployment is complete and as many tasks run as are desired. Where AWS
/// gave up on a deployment, or went back to the last one that came up, it has halted.
pub(crate) fn phase(service: &Service, wanted: Option<&str>, stopped: Option<&str>) -> Phase {
    let primary = primary(service);
    if service.status() == Some("DRAINING") {
        return Phase::Pending("it drains".to_owned());
    }
    if let Some(why) = primary.and_then(|primary| gave_up(service, primary, wanted)) {
        return Phase::Halted(told([Some(why.as_str()), newest_event(service, primary), stopped]));
    }
    match is_steady(service) {
        true => Phase::Ready,
        false => Phase::Pending(told([newest_event(service, primary), stopped, None])),
    }
}

/// Why the newest task that failed has stopped, where some have.
///
/// It is told beside the rest: that it cannot be asked for is no reason to fail.
pub(crate) async fn stopped(cloud: &Cloud, service: &Service, wanted: Option<&str>) -> Option<String> {
    match has_failures(service, wanted) {
        true => ask_stopped(cloud, service, wanted).await.ok().flatten(),
        false => None,
    }
}

/// Whether `arn` is the task definition that is stated as its ARN, `family:revision` or `family`.
pub(crate) fn is_stated(arn: &str, stated: &str) -> bool {
    let revision = short(arn);
    arn == stated || revision == stated || revision.split(':').next() == Some(stated)
}

/// The deployment that the service is to be at.
pub(crate) fn primary(service: &Service) -> Option<&Deployment> {
    service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"))
}

/// Whoever else deploys than ECS itself tells no rollout state.
fn is_steady(service: &Service) -> bool {
    let is_complete = |deployment: &Deployment| matches!(deployment.rollout_state, None | Some(State::Completed));
    let deployments = service.deployments();
    deployments.len() < 2 && deployments.iter().all(is_complete) && service.running_count == service.desired_count
}

/// What AWS says of having given up; `None` where it did not.
fn gave_up(service: &Service, primary: &Deployment, wanted: Option<&str>) -> Option<String> {
    let reason =
        |deployment: &Deployment| deployment.rollout_state_reason().unwrap_or("the deployment failed").to_owned();
    if primary.rollout_state == Some(State::Failed) {
        return Some(reason(primary));
    }
    let current = primary.task_definition().unwrap_or_default();
    let rollback = rollback(service, primary).filter(|_| wanted.is_some_and(|wanted| !is_stated(current, wanted)))?;
    let failed = service.deployments().iter().find(|deployment| deployment.rollout_state == Some(State::Failed));
    Some(failed.map_or(rollback.to_owned(), |failed| format!("{} {rollback}", reason(failed))))
}

/// What tells that the service is at its deployment because another one failed: the deployment's own reason as
/// long as it is under way, later on the event that was told when it began.
fn rollback<'a>(service: &'a Service, primary: &'a Deployment) -> Option<&'a str> {
    let since = seconds(primary.created_at.as_ref()) - EVENT_BEFORE_DEPLOYMENT;
    let events = service.events().iter().filter(|event| seconds(event.created_at.as_ref()) >= since);
    let mut texts = primary.rollout_state_reason().into_iter().chain(events.filter_map(ServiceEvent::message));
    texts.find(|text| text.contains("rolling back") || text.contains("rolled back"))
}

/// How many seconds before a deployment the event may stand that tells of it.
const EVENT_BEFORE_DEPLOYMENT: i64 = 60;

fn seconds(time: Option<&DateTime>) -> i64 {
    time.map_or(0, DateTime::secs)
}

/// The newest event since the deployment began.
fn newest_event<'a>(service: &'a Service, primary: Option<&Deployment>) -> Option<&'a str> {
    let since = seconds(primary.and_then(|primary| primary.created_at.as_ref())) - EVENT_BEFORE_DEPLOYMENT;
    let events = service.events().iter().filter(|event| seconds(event.created_at.as_ref()) >= since);
    let newest = events.rev().max_by_key(|event| event.created_at.as_ref().map(|at| (at.secs(), at.subsec_nanos())));
    newest.and_then(ServiceEvent::message)
}

/// The texts in a row, each once.
fn told(texts: [Option<&str>; 3]) -> String {
    let mut said: Vec<&str> = Vec::new();
    for text in texts.into_iter().flatten() {
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said.join(" ")
}

fn has_failures(service: &Service, wanted: Option<&str>) -> bool {
    match phase(service, wanted, None) {
        Phase::Ready => false,
        Phase::Pending(_) => primary(service).is_some_and(|primary| primary.failed_tasks > 0),
        Phase::Failed(_) | Phase::Halted(_) => true,
    }
}

async fn ask_stopped(cloud: &Cloud, service: &Service, wanted: Option<&str>) -> Result<Option<String>> {
    let cluster = service.cluster_arn().unwrap_or_default();
    let call = cloud.ecs().list_tasks().cluster(cluster).set_service_name(service.service_name.clone());
    let answer = call.desired_status(DesiredStatus::Stopped).send().await.op("ecs:ListTasks")?;
    let arns = answer.task_arns.unwrap_or_default();
    if arns.is_empty() {
        return Ok(None);
    }
    let call = cloud.ecs().describe_tasks().cluster(cluster).set_tasks(Some(arns));
    let tasks = call.send().await.op("ecs:DescribeTasks")?.tasks.unwrap_or_default();
    let current = primary(service).and_then(Deployment::task_definition);
    Ok(wanted.or(current).and_then(|wanted| stopped_reason(&tasks, wanted)))
}

/// Why the newest task of a task definition has stopped, but for those that were one too many.
fn stopped_reason(tasks: &[Task], task_definition: &str) -> Option<String> {
    let is_of_it = |task: &&Task| is_stated(task.task_definition_arn().unwrap_or_default(), task_definition);
    let is_scaled_in = |task: &Task| task.stopped_reason().is_some_and(|why| why.starts_with("Scaling activity"));
    let tasks = tasks.iter().filter(is_of_it).filter(|task| !is_scaled_in(task));
    let newest = tasks.max_by_key(|task| seconds(task.stopped_at.as_ref().or(task.stopping_at.as_ref())))?;
    let reasons = newest.containers().iter().filter_map(|container| {
        let name = container.name().unwrap_or("?");
        let code = container.exit_code.filter(|code| *code != 0).map(|code| format!("exit code {code}"));
        container.reason.clone().or(code).map(|why| format!("`{name}`: {why}"))
    });
    let reasons: Vec<String> = newest.stopped_reason.clone().into_iter().chain(reasons).collect();
    Some(format!("A task stopped: {}", reasons.join("; "))).filter(|_| !reasons.is_empty())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Container;

    use super::*;

    const OLD: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:1";
    const NEW: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:2";

    fn deployment(status: &str, state: State, reason: &str, task_definition: &str) -> Deployment {
        let deployment = Deployment::builder().id("ecs-svc/1").status(status).task_definition(task_definition);
        let deployment = deployment.rollout_state(state).rollout_state_reason(reason);
        deployment.created_at(DateTime::from_secs(1000)).build()
    }

    fn event(seconds: i64, message: &str) -> ServiceEvent {
        ServiceEvent::builder().created_at(DateTime::from_secs(seconds)).message(message).build()
    }

    fn service(deployments: Vec<Deployment>, running: i32, events: Vec<ServiceEvent>) -> Service {
        let service = Service::builder().service_name("api").desired_count(2).running_count(running);
        service.set_deployments(Some(deployments)).set_events(Some(events)).build()
    }

    #[test]
    fn a_service_is_steady_with_one_complete_deployment_and_all_of_its_tasks() {
        let complete = || deployment("PRIMARY", State::Completed, "ECS deployment ecs-svc/1 completed.", NEW);
        let old = deployment("ACTIVE", State::Completed, "", OLD);
        let steady = vec![event(1001, "(service api) has reached a steady state.")];
        assert_eq!(phase(&service(vec![complete()], 2, steady.clone()), Some(NEW), None), Phase::Ready);
        assert_eq!(phase(&service(vec![complete()], 2, steady), Some("api"), None), Phase::Ready);
        assert_eq!(phase(&service(vec![complete()], 1, Vec::new()), Some(NEW), None), Phase::PENDING);
        assert_eq!(phase(&service(vec![complete(), old], 2, Vec::new()), Some(NEW), None), Phase::PENDING);
    }

    #[test]
    fn a_rolling_service_tells_its_newest_event_and_why_a_task_stopped() {
        let rolling = deployment("PRIMARY", State::InProgress, "ECS deployment ecs-svc/1 in progress.", NEW);
        let events = vec![
            event(1010, "(service api) has started 1 tasks."),
            event(1005, "(service api) was unable to place a task."),
            event(10, "(service api) has reached a steady state."),
        ];
        let service = service(vec![rolling, deployment("ACTIVE", State::Completed, "", OLD)], 2, events);
        let said = |stopped| phase(&service, Some(NEW), stopped);
        assert_eq!(said(None), Phase::Pending("(service api) has started 1 tasks.".to_owned()));
        let expected = "(service api) has started 1 tasks. A task stopped: no image".to_owned();
        assert_eq!(said(Some("A task stopped: no image")), Phase::Pending(expected));
    }

    #[test]
    fn what_was_said_of_an_earlier_deployment_is_not_told() {
        let rolling = deployment("PRIMARY", State::InProgress, "", NEW);
        let service = service(vec![rolling], 0, vec![event(10, "(service api) has reached a steady state.")]);
        assert_eq!(phase(&service, Some(NEW), None), Phase::PENDING);
        assert!(!has_failures(&service, Some(NEW)));
    }

    #[test]
    fn a_failed_rollout_has_halted_with_what_aws_says_of_it() {
        let why = "ECS deployment circuit breaker: tasks failed to start.";
        let failed = deployment("PRIMARY", State::Failed, why, NEW);
        let service = service(vec![failed], 0, vec![event(1010, "(service api) deployment failed.")]);
        let expected = format!("{why} (service api) deployment failed. A task stopped: no image");
        assert_eq!(phase(&service, Some(NEW), Some("A task stopped: no image")), Phase::Halted(expected));
        assert!(has_failures(&service, Some(NEW)));
    }

    #[test]
    fn a_service_that_was_rolled_back_has_halted_though_it_is_steady() {
        let why = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.";
        let under_way = deployment("PRIMARY", State::InProgress, why, OLD);
        let failed = deployment("ACTIVE", State::Failed, "Tasks failed to start.", NEW);
        let expected = Phase::Halted(format!("Tasks failed to start. {why}"));
        assert_eq!(phase(&service(vec![under_way, failed], 2, Vec::new()), Some(NEW), None), expected);

        let done = || deployment("PRIMARY", State::Completed, "ECS deployment ecs-svc/1 completed.", OLD);
        let told = || vec![event(990, "(service api) rolling back to deployment ecs-svc/1.")];
        let expected = Phase::Halted("(service api) rolling back to deployment ecs-svc/1.".to_owned());
        assert_eq!(phase(&service(vec![done()], 2, told()), Some(NEW), None), expected);
        assert_eq!(phase(&service(vec![done()], 2, told()), Some(OLD), None), Phase::Ready);
        assert_eq!(phase(&service(vec![done()], 2, told()), None, None), Phase::Ready);
    }

    #[test]
    fn another_task_definition_without_a_rollback_is_not_a_failure() {
        let other = deployment("PRIMARY", State::Completed, "ECS deployment ecs-svc/1 completed.", OLD);
        let long_ago = vec![event(100, "(service api) rolling back to deployment ecs-svc/0.")];
        assert_eq!(phase(&service(vec![other], 2, long_ago), Some(NEW), None), Phase::Ready);
    }

    #[test]
    fn the_newest_failed_task_of_the_task_definition_tells_why() {
        let task = |stopped: i64, reason: &str, task_definition: &str| {
            let task = Task::builder().stopped_at(DateTime::from_secs(stopped)).stopped_reason(reason);
            let container = Container::builder().name("api").exit_code(1).build();
            task.task_definition_arn(task_definition).containers(container).build()
        };
        let tasks = [
            task(1, "Essential container in task exited", NEW),
            task(5, "Essential container in task exited", NEW),
            task(9, "Scaling activity initiated by deployment ecs-svc/1", NEW),
            task(9, "Task failed ELB health checks", OLD),
        ];
        let expected = "A task stopped: Essential container in task exited; `api`: exit code 1";
        assert_eq!(stopped_reason(&tasks, NEW).as_deref(), Some(expected));
        assert_eq!(stopped_reason(&[], NEW), None);
    }
}
