"""Release records: what went where, on what evidence, on whose word; and what must not go on.

`record`, `evidence`, `ledger` are the words; `statement` and `chain` sign and verify; `embedded` keeps a ledger in a
file; `opening` gives the one that counts. Over the service, the ledger is `teamconfig.client.releases`.
"""
