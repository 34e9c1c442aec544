"""The adapter: what it sends, what it makes of answers, and what it makes of none."""

import json
import threading
import time
from pathlib import Path

import pytest
from kube_server import Handler, KubeServer, failure, json_answer, serving

from svcproof.adapters import kube, kubeconfig
from svcproof.cluster.api import Cause, Conflict, ExecTrouble, Forbidden, NotFound, Refused, Unreachable
from svcproof.problems import SetupProblem

POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}}


def api(server: KubeServer, folder: Path, patience: float = 2.0) -> kube.Kube:
    return kube.Kube(kubeconfig.load(str(server.kubeconfig(folder))), patience=patience)


def test_an_object_comes_back_as_the_server_sent_it(tmp_path):
    body = {"kind": "Service", "spec": {"fieldOfTomorrow": None, "ports": []}}
    with serving(json_answer(200, body)) as server:
        assert api(server, tmp_path).get("Service", "web", "shop") == body
        assert server.seen[0].path == "/api/v1/namespaces/shop/services/web"
        assert server.seen[0].headers["Authorization"] == "Bearer secret"


def test_every_request_says_for_which_run_and_scenario_it_is(tmp_path):
    with serving(json_answer(200, {})) as server:
        here = api(server, tmp_path)
        here.speak_for("r1", "np-01")
        here.version()
        assert "run=r1 scenario=np-01" in server.seen[0].headers["User-Agent"]
        assert here.requests_made == 1


@pytest.mark.parametrize(
    ("status", "trouble"), [(404, NotFound), (409, Conflict), (403, Forbidden), (401, Forbidden), (422, Refused)]
)
def test_refusals_are_said_in_our_words(tmp_path, status, trouble):
    with serving(failure(status, "Because", "no")) as server, pytest.raises(trouble, match=r"Because: no"):
        api(server, tmp_path).get("Service", "web", "shop")


def test_a_refusal_keeps_the_fields_that_the_server_objects_to(tmp_path):
    cause = {"field": "spec.ports[0].nodePort", "reason": "FieldValueInvalid", "message": "not in range"}
    with serving(failure(422, "Invalid", "no", [cause])) as server:
        with pytest.raises(Refused) as refused:
            api(server, tmp_path).create(POD)
        assert refused.value.reply.causes == (Cause("spec.ports[0].nodePort", "FieldValueInvalid", "not in range"),)


def test_a_read_is_sent_again_while_the_server_is_away_for_a_while(tmp_path):
    with serving(failure(503, "", "starting"), failure(429, "", "slowly"), json_answer(200, {"ok": 1})) as server:
        assert api(server, tmp_path).get("Node", "n") == {"ok": 1}
        assert len(server.seen) == 3


def test_a_creation_that_may_have_happened_is_not_sent_again(tmp_path):
    with serving(failure(503, "", "away")) as server:
        with pytest.raises(Unreachable, match="may or may not have happened"):
            api(server, tmp_path).create(POD)
        assert len(server.seen) == 1


def test_patience_ends_with_the_last_observation(tmp_path):
    seen = r"last seen: 503 still starting \(\d+ attempts"
    with serving(failure(503, "", "still starting")) as server, pytest.raises(Unreachable, match=seen):
        api(server, tmp_path, patience=0.5).version()


def test_a_500_is_no_passing_trouble(tmp_path):
    with serving(failure(500, "", "failed to create typed patch object")) as server:
        with pytest.raises(Unreachable, match="typed patch"):
            api(server, tmp_path).apply(POD)
        assert len(server.seen) == 1


def test_asking_returns_refusals_instead_of_raising_them(tmp_path):
    with serving(failure(404, "NotFound", "no such thing")) as server:
        reply = api(server, tmp_path).ask("GET", "/api/v1/namespaces/nowhere")
        assert (reply.status, reply.reason, reply.accepted) == (404, "NotFound", False)


def test_warnings_are_read_from_the_headers(tmp_path):
    with serving(json_answer(200, {}, Warning='299 - "v1 Endpoints is \\"old\\""')) as server:
        assert api(server, tmp_path).ask("GET", "/x").warnings == ('v1 Endpoints is "old"',)


def test_a_merge_patch_and_a_json_patch_are_told_apart(tmp_path):
    with serving(json_answer(200, {})) as server:
        here = api(server, tmp_path)
        here.patch("Service", "web", "shop", {"spec": {}})
        here.patch("Service", "web", "shop", [{"op": "remove", "path": "/x"}])
        kinds = [one.headers["Content-Type"] for one in server.seen]
        assert kinds == ["application/merge-patch+json", "application/json-patch+json"]
        assert server.seen[1].body == [{"op": "remove", "path": "/x"}]


def test_a_list_is_read_page_by_page_and_its_items_say_what_they_are(tmp_path):
    pages = [
        {"metadata": {"continue": "next"}, "items": [{"metadata": {"name": "a"}}]},
        {"metadata": {}, "items": [{"metadata": {"name": "b"}}]},
    ]
    with serving(*(json_answer(200, page) for page in pages)) as server:
        found = api(server, tmp_path).list("Pod", "shop", labels="app=web")
        assert [(one["kind"], one["metadata"]["name"]) for one in found] == [("Pod", "a"), ("Pod", "b")]
        assert "labelSelector=app%3Dweb" in server.seen[0].path
        assert "continue=next" in server.seen[1].path


def test_a_null_list_is_empty(tmp_path):
    with serving(json_answer(200, {"metadata": {}, "items": None})) as server:
        assert api(server, tmp_path).list("Pod") == []


def test_a_kind_that_the_suite_does_not_know_is_found_by_asking(tmp_path):
    resources = {"resources": [{"kind": "IPAddressPool", "name": "ipaddresspools", "namespaced": True}]}
    body = {"apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": {"name": "p", "namespace": "m"}}
    with serving(json_answer(200, resources), json_answer(201, {})) as server:
        api(server, tmp_path).create(body)
        assert server.seen[1].path.startswith("/apis/metallb.io/v1beta1/namespaces/m/ipaddresspools?")


def test_deleting_what_is_gone_is_fine(tmp_path):
    with serving(failure(404, "NotFound", "gone")) as server:
        api(server, tmp_path).delete("Pod", "a", "shop", grace_seconds=0)
        assert server.seen[0].body["gracePeriodSeconds"] == 0


def item(name: str, version: str) -> dict[str, dict[str, str]]:
    return {"metadata": {"name": name, "resourceVersion": version}}


def test_a_watch_begins_with_a_list_and_begins_anew_when_what_it_asks_for_is_too_old(tmp_path):
    def first_watch(handler: Handler) -> None:
        handler.begin_chunks()
        handler.chunk({"type": "ADDED", "object": item("b", "11")})
        handler.chunk({"type": "ERROR", "object": {"code": 410}})
        handler.wfile.write(b"0\r\n\r\n")

    listed = json_answer(200, {"metadata": {"resourceVersion": "10"}, "items": [item("a", "9")]})
    with serving(listed, first_watch, json_answer(200, {"metadata": {}, "items": [item("b", "11")]})) as server:
        watch = api(server, tmp_path).watch("Pod", "shop")
        seen = [next(watch) for _ in range(5)]
        watch.close()
        told = [(one.type, one.object.get("metadata", {}).get("name", "")) for one in seen]
        assert told == [("RELISTED", "a"), ("LISTED", ""), ("ADDED", "b"), ("RELISTED", "b"), ("LISTED", "")]


def test_a_watch_that_waits_is_closed_at_once_from_another_thread(tmp_path):
    def silent(handler: Handler) -> None:
        handler.begin_chunks()
        handler.wfile.flush()
        handler.rfile.read(1)

    with serving(json_answer(200, {"metadata": {"resourceVersion": "10"}, "items": []}), silent) as server:
        watch = api(server, tmp_path).watch("Pod", "shop")
        assert next(watch).type == "LISTED"
        threading.Timer(0.3, watch.close).start()
        began = time.monotonic()
        assert list(watch) == []
        assert time.monotonic() - began < 5


# exec


def status(code: int) -> bytes:
    if code == 0:
        return b'{"status":"Success"}'
    causes = [{"reason": "ExitCode", "message": str(code)}]
    return json.dumps({"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}).encode()


def test_a_command_ends_with_its_exit_code_output_and_errors(tmp_path):
    def answer(handler: Handler) -> None:
        handler.upgrade()
        half = "ü".encode()
        handler.frame(1, b"one\ntw" + half[:1])
        handler.frame(1, half[1:] + b"o")
        handler.frame(2, b"oh")
        handler.frame(3, status(3))
        handler.frame(0, b"", opcode=8)

    with serving(answer) as server:
        ran = api(server, tmp_path).run("shop", "web", "c", ["sh", "-c", "x"])
        assert (ran.code, ran.out, ran.err) == (3, "one\ntwüo", "oh")
        assert "command=sh&command=-c&command=x&container=c" in server.seen[0].path


def test_a_command_that_cannot_be_started_is_no_exit_code(tmp_path):
    def answer(handler: Handler) -> None:
        handler.upgrade()
        handler.frame(3, b'{"status":"Failure","reason":"InternalError","message":"no such file: wget"}')
        handler.frame(0, b"", opcode=8)

    with serving(answer) as server, pytest.raises(ExecTrouble, match="not started: no such file"):
        api(server, tmp_path).run("shop", "web", "c", ["wget"])


def test_a_stream_cut_before_the_status_is_no_exit_code(tmp_path):
    def answer(handler: Handler) -> None:
        handler.upgrade()
        handler.frame(1, b"half a li")

    with serving(answer) as server, pytest.raises(ExecTrouble, match="cut before its exit status"):
        api(server, tmp_path).run("shop", "web", "c", ["x"])


def test_a_pod_that_is_not_there_starts_nothing(tmp_path):
    with (
        serving(failure(404, "NotFound", 'pods "web" not found')) as server,
        pytest.raises(ExecTrouble, match="not started: 404"),
    ):
        api(server, tmp_path).run("shop", "web", "c", ["x"])


def test_a_command_that_goes_on_too_long_is_no_exit_code(tmp_path):
    def answer(handler: Handler) -> None:
        handler.upgrade()
        handler.frame(1, b"waiting\n")
        handler.receive()

    with serving(answer) as server, pytest.raises(ExecTrouble, match=r"still running .last line 'waiting'"):
        api(server, tmp_path).run("shop", "web", "c", ["x"], timeout=1.0)


def test_one_converses_with_a_command(tmp_path):
    def answer(handler: Handler) -> None:
        handler.upgrade()
        heard = handler.receive()
        handler.frame(1, b"heard " + heard[1:])
        assert handler.receive() == b"\xff\x00"
        handler.frame(3, status(0))
        handler.frame(0, b"", opcode=8)

    with serving(answer) as server, api(server, tmp_path).start("shop", "web", "c", ["cat"]) as running:
        running.send("you\n")
        assert next(running.lines(5)) == "heard you"
        assert running.half_close()
        assert list(running.lines(5)) == []
        assert running.code == 0


# the way there


def test_a_missing_kubeconfig_is_named(tmp_path):
    with pytest.raises(SetupProblem, match="does not exist"):
        kubeconfig.load(str(tmp_path / "none"))


def test_an_unknown_context_is_told_with_those_there_are(tmp_path):
    with serving() as server, pytest.raises(SetupProblem, match=r"no context 'nope'; it has: test"):
        kubeconfig.load(str(server.kubeconfig(tmp_path)), "nope")


@pytest.mark.parametrize("text", ["", "{}", "][", "apiVersion: v1\nkind: Config\ncontexts: 7\n"])
def test_a_kubeconfig_that_is_none_is_a_setup_problem(tmp_path, text):
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    with pytest.raises(SetupProblem):
        kubeconfig.load(str(file))


def test_a_certificate_that_is_none_is_a_setup_problem(tmp_path):
    with serving() as server, pytest.raises(SetupProblem):
        kube.connect(str(server.kubeconfig(tmp_path, **{"certificate-authority-data": "bm9uZQ=="})))


def test_a_server_that_nobody_runs_is_told_with_the_cure(tmp_path):
    with serving() as server:
        file = server.kubeconfig(tmp_path)
    with pytest.raises(SetupProblem, match="refused") as told:
        kube.connect(str(file))
    assert "is the cluster up" in told.value.cure


def test_credentials_that_the_server_does_not_know_are_a_setup_problem(tmp_path):
    with serving(failure(401, "Unauthorized", "Unauthorized")) as server, pytest.raises(SetupProblem, match="401"):
        kube.connect(str(server.kubeconfig(tmp_path)))
