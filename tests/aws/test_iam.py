# SPDX-License-Identifier: Apache-2.0
"""IAM and STS: kept and given back, as boto3 and awscli see it; every error by its name."""
import datetime
import json
import re

import pytest
from botocore.exceptions import ClientError
from conftest import client_of
from program import AUTHORIZATION

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a/*"}]}
AWS_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
FORM = {
    "Authorization": AUTHORIZATION.replace("/mediaconvert/", "/iam/"),
    "Content-Type": "application/x-www-form-urlencoded",
}


@pytest.fixture(scope="module")
def iam(client):
    return client("iam")


@pytest.fixture
def role(iam, new_name):
    """A role's name."""
    return iam.create_role(RoleName=new_name(), AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["RoleName"]


def refused(exception, code, status, call, **request):
    with pytest.raises(exception) as caught:
        call(**request)
    response = caught.value.response
    assert response["Error"]["Code"] == code
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert response["Error"]["Type"] == "Sender"
    assert re.fullmatch("[0-9a-f-]{36}", response["ResponseMetadata"]["RequestId"])
    return response["Error"]["Message"]


# --- roles ---


def test_role(iam, new_name):
    name = new_name()
    tags = [{"Key": "a & b", "Value": "<ü>"}, {"Key": "none", "Value": ""}]
    role = iam.create_role(
        RoleName=name, Path="/service-role/x/", AssumeRolePolicyDocument=json.dumps(TRUST),
        Description="]]> & \"漢字\" <b>", MaxSessionDuration=7200, Tags=tags, PermissionsBoundary=AWS_POLICY,
    )["Role"]
    assert role["RoleName"] == name and role["Path"] == "/service-role/x/"
    assert role["Arn"] == f"arn:aws:iam::111122223333:role/service-role/x/{name}"
    assert re.fullmatch("AROA[A-Z2-7]{17}", role["RoleId"])
    assert role["AssumeRolePolicyDocument"] == TRUST
    assert role["Description"] == "]]> & \"漢字\" <b>" and role["MaxSessionDuration"] == 7200
    assert role["Tags"] == tags
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == AWS_POLICY
    age = datetime.datetime.now(datetime.timezone.utc) - role["CreateDate"]
    assert abs(age.total_seconds()) < 60
    assert iam.get_role(RoleName=name.upper())["Role"] == role  # whatever its case
    iam.get_waiter("role_exists").wait(RoleName=name)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(POLICY))
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == POLICY
    iam.delete_role(RoleName=name)
    refused(iam.exceptions.NoSuchEntityException, "NoSuchEntity", 404, iam.get_role, RoleName=name)


def test_roles_are_listed_by_pages(iam, new_name):
    names = sorted(new_name() for _ in range(5))
    for name in names:
        iam.create_role(RoleName=name, Path="/listed/", AssumeRolePolicyDocument=json.dumps(TRUST))
    pages = list(iam.get_paginator("list_roles").paginate(PathPrefix="/listed/", PaginationConfig={"PageSize": 2}))
    assert [len(page["Roles"]) for page in pages] == [2, 2, 1]
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    assert [role["RoleName"] for page in pages for role in page["Roles"]] == names
    assert iam.list_roles(PathPrefix="/listed/no/")["Roles"] == []
    refused(ClientError, "ValidationError", 400, iam.list_roles, Marker="none of ours")


@pytest.mark.parametrize(
    "change, code, message",
    [
        ({"AssumeRolePolicyDocument": "{"}, "MalformedPolicyDocument", "contains invalid Json"),
        ({"AssumeRolePolicyDocument": "[]"}, "MalformedPolicyDocument", "Syntax errors in policy"),
        ({"AssumeRolePolicyDocument": '{"Version": "2012-10-17"}'}, "MalformedPolicyDocument", "no Statement"),
        ({"RoleName": "a b"}, "ValidationError", r"roleName is invalid. .*\+=,.@_-"),
        ({"RoleName": "a" * 65}, "ValidationError", "'roleName' failed .* less than or equal to 64"),
        ({"Path": "/a"}, "ValidationError", "path is invalid"),
        ({"Path": "a/"}, "ValidationError", "path is invalid"),
        ({"MaxSessionDuration": 43201}, "ValidationError", "'maxSessionDuration' failed"),
        ({"Description": "ü" * 1001}, "ValidationError", "less than or equal to 1000"),
        ({"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]}, "InvalidInput", "Duplicate tag keys"),
        ({"Tags": [{"Key": "a", "Value": "v" * 257}]}, "ValidationError", "less than or equal to 256"),
        ({"Tags": [{"Key": f"{i}", "Value": ""} for i in range(51)]}, "ValidationError", "less than or equal to 50"),
    ],
)
def test_roles_that_are_refused(iam, change, code, message):
    request = {"RoleName": "refused", "AssumeRolePolicyDocument": json.dumps(TRUST)} | change
    assert re.search(message, refused(ClientError, code, 400, iam.create_role, **request))


def test_role_exists(iam, role):
    message = refused(
        iam.exceptions.EntityAlreadyExistsException, "EntityAlreadyExists", 409, iam.create_role,
        RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST),
    )
    assert message == f"Role with name {role} already exists."


# --- policies ---


def test_policies_of_a_role(iam, role):
    malformed = iam.exceptions.MalformedPolicyDocumentException
    none = iam.exceptions.NoSuchEntityException
    request = {"RoleName": role, "PolicyName": "p"}
    refused(malformed, "MalformedPolicyDocument", 400, iam.put_role_policy, **request, PolicyDocument="no JSON")
    refused(none, "NoSuchEntity", 404, iam.get_role_policy, **request)
    iam.put_role_policy(**request, PolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(**request, PolicyDocument=json.dumps(POLICY))
    answer = iam.get_role_policy(**request)
    assert (answer["RoleName"], answer["PolicyName"], answer["PolicyDocument"]) == (role, "p", POLICY)
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["p"]
    message = refused(iam.exceptions.DeleteConflictException, "DeleteConflict", 409, iam.delete_role, RoleName=role)
    assert message == "Cannot delete entity, must delete policies first."
    iam.delete_role_policy(**request)
    refused(none, "NoSuchEntity", 404, iam.delete_role_policy, **request)
    iam.delete_role(RoleName=role)
    refused(none, "NoSuchEntity", 404, iam.list_role_policies, RoleName=role)
    refused(none, "NoSuchEntity", 404, iam.put_role_policy, **request, PolicyDocument=json.dumps(POLICY))


def test_managed_policies(iam, role, new_name):
    name = new_name()
    request = {"PolicyName": name, "Path": "/x/", "PolicyDocument": json.dumps(POLICY)}
    policy = iam.create_policy(**request, Description="d", Tags=[{"Key": "k", "Value": "v"}])["Policy"]
    arn = policy["Arn"]
    assert arn == f"arn:aws:iam::111122223333:policy/x/{name}"
    assert re.fullmatch("ANPA[A-Z2-7]{17}", policy["PolicyId"])
    assert policy["DefaultVersionId"] == "v1" and policy["IsAttachable"] and policy["AttachmentCount"] == 0
    message = refused(
        iam.exceptions.EntityAlreadyExistsException, "EntityAlreadyExists", 409, iam.create_policy, **request
    )
    assert message == f"A policy called {name} already exists. Duplicate names are not allowed."
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"] == POLICY and version["IsDefaultVersion"]
    assert [v["VersionId"] for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v1"]

    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    iam.attach_role_policy(RoleName=role, PolicyArn=AWS_POLICY)
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached == [
        {"PolicyName": name, "PolicyArn": arn},
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": AWS_POLICY},
    ]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert [p["Arn"] for p in iam.list_policies(Scope="Local", OnlyAttached=True)["Policies"]] == [arn]
    assert iam.list_policies(Scope="AWS")["Policies"] == []

    conflict = iam.exceptions.DeleteConflictException
    message = refused(conflict, "DeleteConflict", 409, iam.delete_role, RoleName=role)
    assert message == "Cannot delete entity, must detach all policies first."
    message = refused(conflict, "DeleteConflict", 409, iam.delete_policy, PolicyArn=arn)
    assert message == "Cannot delete a policy attached to entities."
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    iam.detach_role_policy(RoleName=role, PolicyArn=AWS_POLICY)
    none = iam.exceptions.NoSuchEntityException
    refused(none, "NoSuchEntity", 404, iam.detach_role_policy, RoleName=role, PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    for call in (iam.get_policy, iam.delete_policy):
        assert refused(none, "NoSuchEntity", 404, call, PolicyArn=arn) == f"Policy {arn} was not found."
    message = refused(none, "NoSuchEntity", 404, iam.attach_role_policy, RoleName=role, PolicyArn=arn)
    assert message == f"Policy {arn} does not exist or is not attachable."
    iam.delete_role(RoleName=role)


def test_arns_that_are_none(iam, role):
    for arn in ("a" * 20, "arn:aws:s3:::a-bucket-of-mine"):
        refused(ClientError, "InvalidInput", 400, iam.attach_role_policy, RoleName=role, PolicyArn=arn)


# --- the protocol ---


def test_what_is_not_done_is_refused(client, iam):
    message = refused(ClientError, "InvalidAction", 400, iam.list_users)
    assert message == "Could not find operation ListUsers for version 2010-05-08"
    refused(ClientError, "InvalidAction", 400, client("sts").get_session_token)


@pytest.mark.parametrize(
    "body, code",
    [
        (b"", "MissingAction"),
        (b"Version=2010-05-08", "MissingAction"),
        (b"Action=ListRoles", "InvalidAction"),
        (b"Action=ListRoles&Version=2011-06-15", "InvalidAction"),
        (b"Action=GetRole&Version=2010-05-08", "ValidationError"),
        (b"Action=GetRole&Version=2010-05-08&RoleName=%ff", "ValidationError"),
        (b"Action=ListRoles&Version=2010-05-08\0", "ValidationError"),
        (b"Action=ListRoles&Version=2010-05-08" + b"&a=b" * 1024, "ValidationError"),
    ],
)
def test_forms_that_are_refused(serve, body, code):
    status, headers, answer = serve.send("POST", "/", FORM, body)
    assert status == 400 and headers["content-type"] == "text/xml"
    assert f"<Code>{code}</Code>".encode() in answer


def test_a_form_that_is_too_long(serve):
    status, _, answer = serve.send("POST", "/", FORM, b"a" * (512 * 1024 + 1))
    assert status == 413 and b"<ErrorResponse" in answer


def test_signatures(locked):
    assert client_of(locked, "sts").get_caller_identity()["Account"] == "111122223333"
    assert client_of(locked, "iam").list_roles()["Roles"] == []
    with pytest.raises(ClientError) as caught:
        client_of(locked, "iam", secret="wrong").list_roles()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_caller_identity(client):
    answer = client("sts").get_caller_identity()
    assert answer["Account"] == answer["UserId"] == "111122223333"
    assert answer["Arn"] == "arn:aws:iam::111122223333:root"


def test_it_lasts(serve, client, role):
    serve.stop()
    serve.start()
    iam = client_of(serve, "iam")
    assert iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == TRUST


def test_awscli(awscli, tmp_path):
    (tmp_path / "trust.json").write_text(json.dumps(TRUST))
    role = ("--role-name", "cli")
    made = awscli("iam", "create-role", *role, "--assume-role-policy-document", "file://trust.json")
    assert json.loads(made.stdout)["Role"]["AssumeRolePolicyDocument"] == TRUST
    awscli("iam", "attach-role-policy", *role, "--policy-arn", AWS_POLICY)
    assert AWS_POLICY in awscli("iam", "list-attached-role-policies", *role).stdout
    failed = awscli("iam", "delete-role", *role, check=False)
    assert failed.returncode == 254 and "(DeleteConflict)" in failed.stderr
    awscli("iam", "detach-role-policy", *role, "--policy-arn", AWS_POLICY)
    awscli("iam", "delete-role", *role)
    assert json.loads(awscli("sts", "get-caller-identity").stdout)["Account"] == "111122223333"
