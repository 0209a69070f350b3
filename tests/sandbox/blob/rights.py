"""What each operation needs of each kind of credential."""

from __future__ import annotations

from dataclasses import dataclass

_SERVICE = "Microsoft.Storage/storageAccounts/blobServices"


@dataclass(frozen=True)
class Rights:
    """`sas`: letters of which one must be in `sp` (c counts only while the blob does not exist).

    `action`: of the role; a data action if `data`. `public`: the container's public access from which anybody may,
    "" for never. `resource`: the letter in an account SAS's `srt`. `service_sas`: whether a SAS of a blob or
    container can ever do it.
    https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory
    """

    sas: str
    action: str
    data: bool = True
    public: str = ""
    resource: str = "o"
    service_sas: bool = True


READ_BLOB = Rights("r", f"{_SERVICE}/containers/blobs/read", public="Blob")
WRITE_BLOB = Rights("w", f"{_SERVICE}/containers/blobs/write")
CREATE_BLOB = Rights("wc", f"{_SERVICE}/containers/blobs/write")
DELETE_BLOB = Rights("d", f"{_SERVICE}/containers/blobs/delete")
LIST_BLOBS = Rights("l", f"{_SERVICE}/containers/blobs/read", public="Container", resource="c")


def _container(sas: str, action: str, public: str = "") -> Rights:
    return Rights(sas, f"{_SERVICE}/containers/{action}", data=False, public=public, resource="c", service_sas=False)


CREATE_CONTAINER = _container("cw", "write")
READ_CONTAINER = _container("r", "read", public="Container")
DELETE_CONTAINER = _container("d", "delete")
LIST_CONTAINERS = Rights("l", f"{_SERVICE}/containers/read", data=False, resource="s", service_sas=False)
DELEGATE = Rights("", f"{_SERVICE}/generateUserDelegationKey/action", data=False, resource="s", service_sas=False)
