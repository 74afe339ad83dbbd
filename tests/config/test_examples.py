"""Every example configuration passes the check that users run."""

import subprocess
from pathlib import Path

import pytest

from tests.forks import numwatch_done

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))
SECRETS = dict.fromkeys(
    (
        "ALIYUN_ACCESS_KEY_ID",
        "ALIYUN_ACCESS_KEY_SECRET",
        "ALIYUN_DYTNS_AUTH_CODE",
        "ASTERISK_PASSWORD",
        "FREESWITCH_PASSWORD",
        "OPENSIPS_PASSWORD",
        "CLINK2_ACCESS_KEY_ID",
        "ELKS_PASSWORD",
        "ELKS_USERNAME",
        "CLINK2_ACCESS_KEY_SECRET",
        "MOOR_APP_KEY",
        "MOOR_SECRET_KEY",
        "PLIVO_AUTH_ID",
        "PLIVO_AUTH_TOKEN",
        "TELNYX_API_KEY",
        "TENCENT_SECRET_ID",
        "TENCENT_SECRET_KEY",
        "VONAGE_API_KEY",
        "VONAGE_API_SECRET",
        "VOLCENGINE_ACCESS_KEY",
        "VOLCENGINE_SECRET_KEY",
        "HUAWEI_ACCESS_KEY",
        "HUAWEI_SECRET_KEY",
        "HUAWEI_APP_KEY",
        "HUAWEI_APP_SECRET",
        "YUNTONGXUN_ACCOUNT_SID",
        "YUNTONGXUN_AUTH_TOKEN",
    ),
    "s3cret-of-the-example",
)


def check(config: Path) -> subprocess.CompletedProcess[str]:
    return numwatch_done("check-config", str(config), environ=SECRETS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_is_valid(file: Path) -> None:
    done = check(file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_native_adapters_have_examples_and_a_mistake_in_one_would_be_noticed(tmp_path) -> None:
    natives = {"aliyun", "asterisk", "kamailio", "static", "tencent_ccc"}
    assert natives <= {file.stem for file in FILES}
    text = (EXAMPLES / "kamailio.yaml").read_text().replace("account: reseller/hq", "account: a/b")
    (tmp_path / "config.yaml").write_text(text)
    done = check(tmp_path / "config.yaml")
    assert done.returncode == 1
    assert "is no configured account, expected one of pbx/main, reseller/hq" in done.stdout
