"""AWS: planned and applied against moto, and what its roles may do by moto's own reading of their policies."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from waybill_lake.stores import ExistsError, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deploy.tests.machine import Configuration

_REGION = "eu-central-1"
_ACCOUNT = "123456789012"
_IMAGE = f"{_ACCOUNT}.dkr.ecr.{_REGION}.amazonaws.com/waybill@sha256:{'0' * 64}"
_LOGIN = {
    "AWS_ACCESS_KEY_ID": "someone",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": _REGION,
}
# moto answers at one address, so buckets cannot be names of hosts.
_PROVIDER = """
provider "aws" {
  s3_use_path_style       = true
  skip_metadata_api_check = true
}
"""


@dataclass
class Cloud:
    """A configuration that is applied, and the account in which it is."""

    configuration: Configuration
    url: str

    def client(self, service: str, **login: str) -> Any:
        """A client of the account's owner, or of whoever is given."""
        return boto3.client(service, endpoint_url=self.url, region_name=_REGION, **login)

    def output(self, name: str) -> Any:
        """An output of the configuration."""
        return json.loads(self.configuration.run("output", "-json", name))

    def login(self, role: str) -> dict[str, str]:
        """What a role logs in with."""
        arn = self.output("roles")[role]
        given = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Within it, moto lets nobody do what no policy allows."""
        address = f"{self.url}/moto-api/reset-auth"
        requests.post(address, data="0", timeout=10)
        try:
            yield
        finally:
            requests.post(address, data="inf", timeout=10)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an empty account."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _LOGIN.items():
            patch.setenv(name, value)
        moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        moto.start()
        host, port = moto.get_host_and_port()
        yield f"http://{host}:{port}"
        moto.stop()


@pytest.fixture(scope="module")
def cloud(aws: Configuration, server: str) -> Cloud:
    """The configuration as a first `terraform apply` leaves it.

    Without RDS, of which moto forgets some attributes; the plan's own tests have it.
    """
    network = boto3.client("ec2", endpoint_url=server, region_name=_REGION)
    vpc = network.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [each["SubnetId"] for each in network.describe_subnets()["Subnets"]]
    (aws.folder / "provider_override.tf").write_text(_PROVIDER)
    values = {
        "region": _REGION,
        "image": _IMAGE,
        "vpc_id": vpc,
        "subnet_ids": subnets[:2],
        "alert_emails": ["data@example.com"],
    }
    (aws.folder / "this.auto.tfvars.json").write_text(json.dumps(values))
    aws.environment.update(_LOGIN | {"AWS_ENDPOINT_URL": server})
    made = Cloud(aws, server)
    aws.run("apply", "-auto-approve", "-input=false", "-no-color")
    return made


def test_the_configuration_is_valid_and_keeps_its_promises(aws: Configuration) -> None:
    """Protects from attributes that the provider does not know, and from plans that promise less."""
    aws.run("validate", "-no-color")
    said = aws.run("test", "-no-color")
    assert "Success!" in said
    assert " 0 failed" in said


def test_a_second_apply_changes_nothing(cloud: Cloud) -> None:
    """Protects reviewers: a plan that always shows something is a plan that nobody reads."""
    cloud.configuration.run("plan", "-detailed-exitcode", "-input=false", "-no-color")


def test_no_secret_has_a_value_in_the_state(cloud: Cloud) -> None:
    """Protects passwords from whoever may read the state: values come by hand."""
    listed = cloud.client("secretsmanager").list_secrets()["SecretList"]
    names = {each["Name"] for each in listed}
    assert names == set(cloud.output("secrets").values())
    assert "waybill/WAREHOUSE_URL" in names
    assert not any(each.get("SecretVersionsToStages") for each in listed)


def test_the_lake_keeps_what_it_has(cloud: Cloud) -> None:
    """Protects each zone's objects: locked for days, encrypted by the key, closed to the public."""
    s3 = cloud.client("s3")
    days = {}
    for zone in ("landing", "processed"):
        bucket = cloud.output(f"{zone}_uri").removeprefix("s3://")
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        days[zone] = lock["Rule"]["DefaultRetention"]["Days"]
        (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"][
            "Rules"
        ]
        assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert all(
            s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()
        )
    assert days == {"landing": 365, "processed": 30}


def test_nobody_removes_what_landed(cloud: Cloud) -> None:
    """Protects the lake from the account's owner too: the bucket's policy would have to go first."""
    s3 = cloud.client("s3")
    bucket = cloud.output("landing_uri").removeprefix("s3://")
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    # moto takes a condition that it does not know for one that denies.
    policy["Statement"] = [each for each in policy["Statement"] if "Condition" not in each]
    assert [each["Sid"] for each in policy["Statement"]] == ["NobodyRemoves"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    s3.put_object(Bucket=bucket, Key="kept", Body=b"rows", ChecksumAlgorithm="SHA256")
    with pytest.raises(ClientError, match="403"):
        s3.delete_object(Bucket=bucket, Key="kept")


@pytest.fixture
def zones(cloud: Cloud) -> dict[str, str]:
    """The buckets by zone, without their policies: what a role may not is then the role's own limit."""
    found = {
        zone: cloud.output(f"{zone}_uri").removeprefix("s3://") for zone in ("landing", "processed")
    }
    for bucket in found.values():
        cloud.client("s3").delete_bucket_policy(Bucket=bucket)
    return found


def test_the_job_adds_to_the_lake_and_removes_nothing(
    cloud: Cloud, zones: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the lake from the job's own login, by the lake's own code: it puts, reads, lists, and that is all."""
    login = cloud.login("landing_writer")
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.url)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers who logged in first
    for name, value in login.items():
        monkeypatch.setenv(name.upper(), value)
    with cloud.guarded():
        for bucket in zones.values():
            with closing(open_store(f"s3://{bucket}/olist")) as store:
                for content in ("first", "second"):
                    path = store.scratch / "part"
                    path.write_text(content)
                    if content == "first":
                        store.put("orders/part-0", path)
                    else:
                        with pytest.raises(ExistsError):
                            store.put("orders/part-0", path)
                assert store.get("orders/part-0") == b"first"
                assert store.last("orders") == "part-0"
            with pytest.raises(ClientError, match="AccessDenied"):
                cloud.client("s3", **login).delete_object(Bucket=bucket, Key="olist/orders/part-0")


def test_readers_read_the_processed_zone_alone(cloud: Cloud, zones: dict[str, str]) -> None:
    """Protects what landed from readers, and the marts from what readers might write."""
    landing, processed = zones["landing"], zones["processed"]
    for bucket in (landing, processed):
        cloud.client("s3").put_object(
            Bucket=bucket, Key="read-me", Body=b"rows", ChecksumAlgorithm="SHA256"
        )
    reader = cloud.client("s3", **cloud.login("reader"))
    with cloud.guarded():
        assert reader.get_object(Bucket=processed, Key="read-me")["Body"].read() == b"rows"
        with pytest.raises(ClientError, match="AccessDenied"):
            reader.get_object(Bucket=landing, Key="read-me")
        with pytest.raises(ClientError, match="AccessDenied"):
            reader.put_object(Bucket=processed, Key="mine", Body=b"", ChecksumAlgorithm="SHA256")
        with pytest.raises(ClientError, match="AccessDenied"):
            reader.delete_object(Bucket=processed, Key="read-me")


def test_each_schedule_starts_the_job_as_confined_as_a_container(cloud: Cloud) -> None:
    """Protects the run in the cloud: the same image, command and limits that compose.yml has."""
    scheduler = cloud.client("scheduler")
    found = scheduler.get_schedule(GroupName="waybill", Name="elt-lake")
    target = found["Target"]
    (override,) = json.loads(target["Input"])["containerOverrides"]
    assert override["command"] == [
        "meltano",
        "--environment=prod",
        "run",
        "--no-install",
        "elt-lake",
    ]
    definition = cloud.client("ecs").describe_task_definition(
        taskDefinition=target["EcsParameters"]["TaskDefinitionArn"]
    )["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    assert container["name"] == override["name"]
    assert container["image"] == _IMAGE
    assert container["readonlyRootFilesystem"] is True
    assert container["user"] == "10001:10001"
    assert container["linuxParameters"]["capabilities"]["drop"] == ["ALL"]
    roles = cloud.output("roles")
    assert definition["taskRoleArn"] == roles["landing_writer"]
    assert {each["name"] for each in container["secrets"]} == set(cloud.output("secrets"))


def test_who_is_to_be_told_is_told(cloud: Cloud) -> None:
    """Protects from a failure that nobody hears of: each alarm leads to the topic, and it to a mail."""
    sns = cloud.client("sns")
    (topic,) = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    told = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [(each["Protocol"], each["Endpoint"]) for each in told] == [
        ("email", "data@example.com")
    ]
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {each["AlarmName"].removeprefix("waybill-") for each in alarms} == {
        "no-balanced-receipt",
        "receipt-not-balanced",
        "not-started",
    }
    assert all(each["AlarmActions"] == [topic] for each in alarms)
    (target,) = cloud.client("events").list_targets_by_rule(Rule="waybill-failed")["Targets"]
    assert target["Arn"] == topic
