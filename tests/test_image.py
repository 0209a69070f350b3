"""References to images: what is read from people, and what a provider spec needs."""

from __future__ import annotations

import pytest

from kubectl_arm64.errors import InvalidInput, Refused
from kubectl_arm64.image import GalleryImage, MarketplaceImage, tells_generation_2

SUBSCRIPTION = "00000000-0000-4000-8000-00000000c001"
OTHER = "00000000-0000-4000-8000-00000000c002"
DEFINITION = (
    "/resourceGroups/prod-7x2kq-rg/providers/Microsoft.Compute/galleries/rhcos_prod_7x2kq/images/rhcos-arm64-gen2"
)
ID = f"{DEFINITION}/versions/20260202.2246.418094000"
IMAGE = GalleryImage("prod-7x2kq-rg", "rhcos_prod_7x2kq", "rhcos-arm64-gen2", "20260202.2246.418094000")


@pytest.mark.parametrize("text", [ID, f"  {ID}/\n", ID.replace("resourceGroups", "RESOURCEGROUPS")])
def test_a_resource_id_is_read_in_any_case(text: str) -> None:
    assert GalleryImage.parse(text) == IMAGE


def test_the_resource_id_for_a_provider_spec_is_without_the_subscription() -> None:
    image = GalleryImage.parse(f"/subscriptions/{SUBSCRIPTION}{ID}")
    assert image.subscription == SUBSCRIPTION
    assert image.provider_spec() == {"offer": "", "publisher": "", "resourceID": ID, "sku": "", "version": ""}
    assert str(image) == ID


def test_when_the_version_is_missing_the_error_says_how_to_list_them() -> None:
    with pytest.raises(InvalidInput, match=r"without a version; .*az sig image-version list -g prod-7x2kq-rg"):
        GalleryImage.parse(DEFINITION)


@pytest.mark.parametrize("text", ["", "rhcos-arm64-gen2", "/resourceGroups/g/providers/Microsoft.Compute/images/i"])
def test_when_it_is_no_image_version_the_error_shows_the_form(text: str) -> None:
    with pytest.raises(InvalidInput, match="/versions/VERSION"):
        GalleryImage.parse(text)


def test_an_image_without_a_subscription_is_in_the_clusters() -> None:
    assert IMAGE.in_subscription(SUBSCRIPTION).subscription == SUBSCRIPTION


def test_the_clusters_subscription_is_accepted_in_any_case() -> None:
    image = GalleryImage.parse(f"/subscriptions/{SUBSCRIPTION.upper()}{ID}")
    assert image.in_subscription(SUBSCRIPTION).resource_id == ID


def test_when_the_image_is_in_another_subscription_it_is_refused() -> None:
    with pytest.raises(Refused, match=rf"subscription {OTHER}, the cluster in {SUBSCRIPTION}"):
        GalleryImage.parse(f"/subscriptions/{OTHER}{ID}").in_subscription(SUBSCRIPTION)


def test_latest_is_a_version_that_azure_picks() -> None:
    assert GalleryImage.parse(f"{DEFINITION}/versions/Latest").is_latest
    assert not IMAGE.is_latest


def test_generation_2_must_stand_in_the_resource_id() -> None:
    assert tells_generation_2(IMAGE.resource_id)
    assert not tells_generation_2(GalleryImage("g-rg", "g", "rhcos-arm64", "1.0.0").resource_id)


def test_a_marketplace_image_has_a_type_and_an_empty_resource_id() -> None:
    image = MarketplaceImage("azureopenshift", "aro4", "420-arm", "9.6.20251015")
    assert image.provider_spec() == {
        "offer": "aro4",
        "publisher": "azureopenshift",
        "resourceID": "",
        "sku": "420-arm",
        "type": "MarketplaceNoPlan",
        "version": "9.6.20251015",
    }
    assert str(image) == "azureopenshift:aro4:420-arm:9.6.20251015"
