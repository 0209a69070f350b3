"""Azure Resource Manager, as far as the plugin and the documented az commands use it.

`app.app` is the gateway: it knows the caller, the subscription and the resource group, then calls one handler of the
service modules' `ROUTES`. A handler gets a `Call` and returns an `Answer` or raises `errors.Refusal`.
"""
