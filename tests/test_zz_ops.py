from tests.tour import tour
from tests.operations import OPERATIONS
import json
def test_ops(plugin, sandbox):
    t=tour(plugin,sandbox)
    print()
    print("NONE", [(e["method"],e["host"],e["path"],e["query"][:60]) for e in t.get("",[])][:10])
    print("UNSEEN", set(OPERATIONS)-set(t))
    print(json.dumps({k:len(v) for k,v in t.items()}))
    assert 0
