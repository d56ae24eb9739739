"""What a project on the real server holds."""

from labeling.client import Client
from labeling.projects import found_project


def tasks_by_key(client: Client, title: str) -> dict[str, dict]:
    project, _ = found_project(client, title, None)
    tasks = [task for page in client.task_pages(project) for task in page]
    by_key = {task["data"].get("key", task["id"]): task for task in tasks}
    assert len(by_key) == len(tasks), "a task stands twice"
    return by_key


def shown_boxes(task: dict, key: str = "predictions") -> list[dict]:
    return [result for given in task[key] for result in given["result"]]
