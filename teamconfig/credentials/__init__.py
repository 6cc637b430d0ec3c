"""Short-lived rights at Kubernetes and AWS.

`names`, `rbac` and `sessionpolicy` are pure; `kubernetes` and `aws` ask a cloud;
`config` reads where the clouds are. Owns no decision on who may have what:
`policy` has made it before anything here is called.
"""
