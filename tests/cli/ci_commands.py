#!/usr/bin/env python3
"""Takes the shell commands out of a workflow of GitHub Actions or a pipeline of GitLab CI.

Usage: ci_commands.py FILE FOLDER

Writes FOLDER/JOB/NN.sh for each step of each job, with the variables of workflow and step set first
where the environment does not set them already, and each `${{ EXPRESSION }}` taken from the variable
that stands for it: `secrets.GITHUB_TOKEN` from SECRETS_GITHUB_TOKEN.
"""

import os
import re
import sys

import yaml


def value_of(text):
    def replace(match):
        name = re.sub(r"\W", "_", match.group(1)).upper()
        return "${" + name + "?}"
    quoted = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
    return '"' + re.sub(r"\$\{\{\s*(.*?)\s*\}\}", replace, quoted) + '"'


def settings(variables):
    lines = []
    for name, value in variables.items():
        assert re.fullmatch(r"[A-Z_]+", name), name
        lines.append(f"export {name}=${{{name}-{value_of(value)}}}\n")
    return "".join(lines)


def write(folder, job, number, text):
    os.makedirs(os.path.join(folder, job), exist_ok=True)
    with open(os.path.join(folder, job, f"{number:02}.sh"), "w", encoding="utf-8") as file:
        file.write(text)


def github(workflow, folder):
    assert workflow["defaults"]["run"]["shell"] == "bash"
    for job, body in workflow["jobs"].items():
        assert "privileged" not in str(body)
        for number, step in enumerate(body["steps"]):
            if "run" not in step:
                assert re.fullmatch(r"actions/\w+@v\d+", step["uses"]), step["uses"]
                continue
            assert "${{" not in step["run"], "expressions in a script are code of strangers"
            variables = {**workflow["env"], **step.get("env", {})}
            write(folder, job, number, "set -eo pipefail\n" + settings(variables) + step["run"])


def gitlab(pipeline, folder):
    shared = pipeline["default"]
    for job, body in pipeline.items():
        if job in ("variables", "stages", "default"):
            continue
        lines = shared["before_script"] + body["script"]
        write(folder, job, 0, "set -eo pipefail\n" + settings(pipeline["variables"]) + "\n".join(lines))
        write(folder, job, 1, "set -eo pipefail\n" + settings(pipeline["variables"]) +
              "\n".join(shared["after_script"]))


def main():
    path, folder = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    (github if "jobs" in document else gitlab)(document, folder)


main()
