import json, os, copy
import pytest
from tests.sandbox.kubernetes.objects import find, plant
from tests.test_bad_input import *
LOG=open("/tmp/probe.log","a")
def note(name, r):
    bad = "unforeseen" in r.err or "Traceback" in r.err or r.err.count("error: ")>1
    print(("BAD " if bad else "    ")+name, r.code, "|", r.err.strip()[-330:].replace("\n"," // "), "| OUT" if r.out and r.code else "", file=LOG, flush=True)
W=[
 "bootimage --kubeconfig /tmp", "bootimage --kubeconfig /dev/null","bootimage --stream-file /bin/ls","bootimage --stream-file /tmp","bootimage --stream-file /dev/null",
 "machineset -f /bin/ls","machineset -f /dev/null","machineset -f /tmp","machineset --replicas 99999999999 --dry-run=client --apply","bootimage --tag ключ=значение --dry-run",
 "bootimage --source-url notaurl","bootimage --source-url https://[::1/x.vhd","bootimage --source-url https://nosuch.blob.core.windows.net/c/x.vhd","bootimage --source-url https://example.com/x.vhd",
 "bootimage --subscription nosuch","bootimage --subscription a/../b","bootimage --cloud moon","bootimage --cloud AzureUSGovernmentCloud","bootimage --infra-name UPPER_case --dry-run","bootimage --infra-name ../x --dry-run",
 "bootimage --location", "bootimage --timeout 1e5","bootimage --timeout inf","bootimage --timeout 99999999999d --dry-run","bootimage -v x","bootimage -v=99 --dry-run","bootimage --as nobody","machineset --as-group x",
 "bootimage --request-timeout 0.000001ms","bootimage --server ftp://x","bootimage --server https://127.0.0.1:99999","bootimage --server :::","bootimage --certificate-authority /no/such","bootimage --certificate-authority /bin/ls",
 "bootimage --namespace nosuch --dry-run","machineset --namespace nosuch","machineset --namespace a/b","bootimage --copy fast","bootimage --storage-auth sas","bootimage --target-region ''","bootimage --image-definition x --dry-run",
 "machineset --image /subscriptions/x", "machineset --image=", "machineset --from=", "machineset --zone 9","machineset --zone=-1","machineset --vm-size x/y","machineset --vm-size Standard_D4ps_v5 --image /resourceGroups/a/providers/Microsoft.Compute/galleries/b/images/c/versions/1.0.0 -f -",
 "bootimage --os-stream ../x","bootimage --architecture","bootimage --gallery rhcos.","bootimage --no-wait=maybe","bootimage --dry-run=client","bootimage --output=","bootimage --yes=perhaps", "bootimage -- x","", "--help", "bootimage --timeout 0", "bootimage --timeout ''", "machineset --node-label a=b=c","machineset --taint =:","machineset --node-label kubernetes.io/arch=amd64","machineset --name x --all-zones",
]
@pytest.mark.parametrize("w",W)
def test_w(plugin,sandbox,w):
    import shlex
    note(w, plugin(*shlex.split(w)))
def infra(**kw):
    def f(sb): find(sb.world,"infrastructures","cluster","").update(kw)
    return f
def ms(fn):
    def f(sb):
        for k,v in sb.world.objects.items():
            if k[1]=="machinesets": fn(v)
    return f
def cm(**d):
    def f(sb): stream_of(sb).clear(); stream_of(sb).update(d)
    return f
def setp(v,path,val):
    *ps,l=path.split("/")
    for p in ps: v=v[p]
    v[l]=val
PS="spec/template/spec/providerSpec"
SP={
 "status list":infra(status=[]),"status none":infra(status=None),"pstatus str":infra(status={"platformStatus":"Azure"}),
 "azure null":infra(status={"platformStatus":{"type":"Azure","azure":None},"infrastructureName":"x"}),
 "tags odd":lambda sb: infrastructure(sb)["platformStatus"]["azure"].update(resourceTags=[{"key":"a%","value":"b"},{"x":1},None]),
 "tags str":lambda sb: infrastructure(sb)["platformStatus"]["azure"].update(resourceTags="x"),
 "infra upper":lambda sb: infrastructure(sb).update(infrastructureName="Prod_ÄÖ"),
 "infra long":lambda sb: infrastructure(sb).update(infrastructureName="p"*90),
 "cm empty":cm(),"cm list":cm(stream="[]"),"cm null":cm(stream="null"),"cm num":cm(stream="1"),"cm nan":cm(stream='{"architectures": NaN}'),"cm streams broken":cm(stream="{}",streams="{"),
 "cm arch list":cm(stream='{"architectures":[]}'),"cm rel int":cm(stream='{"architectures":{"aarch64":{"rhel-coreos-extensions":{"azure-disk":{"release":1,"url":"https://x/y.vhd"}}}}}'),
 "cm rel odd":cm(stream='{"architectures":{"aarch64":{"rhel-coreos-extensions":{"azure-disk":{"release":"x","url":"https://x/y.vhd"}}}}}'),
 "cm url badport":cm(stream='{"architectures":{"aarch64":{"rhel-coreos-extensions":{"azure-disk":{"release":"9.6.20260217-1","url":"https://x:port/y.vhd"}}}}}'),
 "cm deep":cm(stream="["*5000),
 "ms value null":ms(lambda v: setp(v,PS+"/value",None)),"ms value str":ms(lambda v: setp(v,PS+"/value","x")),"ms no template":ms(lambda v: v["spec"].pop("template")),
 "ms loc int":ms(lambda v: setp(v,PS+"/value/location",3)),"ms vmsize empty":ms(lambda v: setp(v,PS+"/value/vmSize","")),"ms secret str":ms(lambda v: setp(v,PS+"/value/userDataSecret","x")),"ms secret none":ms(lambda v: setp(v,PS+"/value/userDataSecret",{})),
 "ms datadisks":ms(lambda v: setp(v,PS+"/value/dataDisks",["x"])),"ms labels":ms(lambda v: setp(v,"metadata/labels",None)),"ms taints":ms(lambda v: setp(v,"spec/template/spec/taints",[{}])),"ms osdisk":ms(lambda v: setp(v,PS+"/value/osDisk",{"diskSizeGB":"big"})),
 "ms image str":ms(lambda v: setp(v,PS+"/value/image","x")),"ms ownerrefs":ms(lambda v: setp(v,"metadata/ownerReferences","x")),"ms annotations int":ms(lambda v: setp(v,"metadata/annotations",{"machine.openshift.io/vCPU":4})),
 "ms spot list":ms(lambda v: setp(v,PS+"/value/spotVMOptions",[])),"ms zone int":ms(lambda v: setp(v,PS+"/value/zone",1)),"ms secprof str":ms(lambda v: setp(v,PS+"/value/securityProfile","x")),
 "cv status none":lambda sb: find(sb.world,"clusterversions","version","").update(status=None),"cv desired str":lambda sb: find(sb.world,"clusterversions","version","")["status"].update(desired="x",conditions="y",history={}),
 "mc odd":lambda sb: find(sb.world,"machineconfigurations","cluster","").update(status={"managedBootImagesStatus":[1]}),
 "cfg bin":lambda sb: find(sb.world,"configmaps","cloud-provider-config","openshift-config").update(data={"config":"\x00{"}),
 "cfg list":lambda sb: find(sb.world,"configmaps","cloud-provider-config","openshift-config").update(data={"config":"[]"}),
 "cfg sub bad":lambda sb: find(sb.world,"configmaps","cloud-provider-config","openshift-config").update(data={"config":'{"subscriptionId":"nosuch","tenantId":"x"}'}),
 "nodes odd":lambda sb: [v.update(spec=None,status=None) for k,v in sb.world.objects.items() if k[1]=="nodes"],
 "secret odd":lambda sb: find(sb.world,"secrets","worker-user-data").update(data={"userData":"%%%"}),
 "secret json":lambda sb: find(sb.world,"secrets","worker-user-data").update(data={"userData":"W10="}),
 "skus odd":lambda sb: sb.world.skus.extend([{"name":"x","resourceType":"virtualMachines","locations":["eastus"]},{"resourceType":"virtualMachines"}]),
}
@pytest.mark.parametrize("n",SP)
def test_sp(plugin,sandbox,n):
    SP[n](sandbox)
    note("B "+n, plugin("bootimage"))
    note("M "+n, plugin("machineset","--apply","--dry-run=client"))
