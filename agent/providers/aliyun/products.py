"""The products of Alibaba Cloud that are read, and where their APIs are.

Each has a host and a version of its own (docs/reference/provider-apis.md §2).
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Any, Final


@unique
class Product(StrEnum):
    """What is read; the values are those of the option ``products``."""

    DYVMS = "dyvms"
    CCC = "ccc"
    BSS = "bss"
    DYTNS = "dytns"


VERSIONS: Final[Mapping[Product, str]] = {
    Product.DYVMS: "2017-05-25",
    Product.CCC: "2020-07-01",
    Product.BSS: "2017-12-14",
    Product.DYTNS: "2020-02-17",
}
"""The version of each product's API, which is signed."""

INTERNATIONAL: Final = "international"
"""The site of accounts that were opened at alibabacloud.com."""

_REGIONAL_CCC: Final = frozenset({"cn-shanghai", "cn-hangzhou"})
"""Regions whose call centres have a host of their own; the others share one."""


def address_of(product: Product, options: Mapping[str, Any], base_url: str) -> str:
    """The address of a product's API, without a slash at its end.

    Args:
        product: The product.
        options: The values of the options.
        base_url: Where it is given, what stands in for Alibaba Cloud; each product is a path there.
    """
    if base_url:
        return f"{base_url}/{product}"
    return f"https://{_host(product, options)}"


def _host(product: Product, options: Mapping[str, Any]) -> str:
    if product is Product.BSS:
        is_abroad = options["site"] == INTERNATIONAL
        return f"business.{'ap-southeast-1.' if is_abroad else ''}aliyuncs.com"
    if product is Product.CCC:
        region = options["region"]
        return f"ccc.{region}.aliyuncs.com" if region in _REGIONAL_CCC else "ccc.aliyuncs.com"
    return f"{product}api.aliyuncs.com"
