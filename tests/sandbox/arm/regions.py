"""Azure's regions: the short name that clients send, and the name that the compute services answer with."""

from __future__ import annotations

PUBLIC = {
    "australiaeast": "Australia East",
    "brazilsouth": "Brazil South",
    "canadacentral": "Canada Central",
    "centralindia": "Central India",
    "centralus": "Central US",
    "eastus": "East US",
    "eastus2": "East US 2",
    "francecentral": "France Central",
    "germanywestcentral": "Germany West Central",
    "japaneast": "Japan East",
    "koreacentral": "Korea Central",
    "northcentralus": "North Central US",
    "northeurope": "North Europe",
    "norwayeast": "Norway East",
    "southafricanorth": "South Africa North",
    "southcentralus": "South Central US",
    "southeastasia": "Southeast Asia",
    "swedencentral": "Sweden Central",
    "switzerlandnorth": "Switzerland North",
    "uaenorth": "UAE North",
    "uksouth": "UK South",
    "westcentralus": "West Central US",
    "westeurope": "West Europe",
    "westus": "West US",
    "westus2": "West US 2",
    "westus3": "West US 3",
}
US_GOVERNMENT = {
    "usgovarizona": "USGov Arizona",
    "usgovtexas": "USGov Texas",
    "usgovvirginia": "USGov Virginia",
}
CHINA = {"chinaeast2": "China East 2", "chinanorth3": "China North 3"}

WITHOUT_ZONES = frozenset({"northcentralus", "usgovarizona", "usgovtexas", "westcentralus", "westus"})

_CLOUDS = {"AzurePublicCloud": PUBLIC, "AzureUSGovernmentCloud": US_GOVERNMENT, "AzureChinaCloud": CHINA}


def regions(cloud: str) -> dict[str, str]:
    """Short name -> display name, of the cloud named `cloud`."""
    return _CLOUDS[cloud]


def short(name: str) -> str:
    return name.replace(" ", "").lower()


def display(name: str) -> str:
    """`eastus` or `East US` -> `East US`; an unknown region stays as it is."""
    for known in _CLOUDS.values():
        if short(name) in known:
            return known[short(name)]
    return name
