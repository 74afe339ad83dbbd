"""Worlds and names the tests share."""

SID = "AC00000000000000000000000000000400"
NOON = 1_795_000_000.0 - 1_795_000_000.0 % 86400 + 4 * 3600
"""A noon in China; a weekday."""

SMALL = """
seed: 7
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: demo-secret}
        balance: 120.5
        daily_spend: 12
        numbers:
          - number: "4006220001"
            company: 示例公司
            grade: AAA
            contract_end: 2035-03-01
            routing:
              wait_seconds: 20
              schedule: [{days: mon-fri, from: "08:30", to: "17:30", bindings: [b1, b2]}]
              blacklist: ["1700"]
              voicemail: true
            bindings:
              - {id: b2, phone: "02287654321", kind: landline, position: 2, state: ok}
              - {id: b1, phone: "13800000001", kind: mobile, position: 1, state: off}
        generate: {count: 9, first: "4008000000", bindings: 2}
      - id: branch
        credentials: {key: branch, secret: branch-secret}
        numbers: [{number: "4006330001"}]
  - name: global
    dialect: twilio
    accounts:
      - id: overseas
        credentials: {sid: AC00000000000000000000000000000400, token: word}
        balance: 250
        currency: USD
        numbers:
          - {number: "+85230080001", company: Harbour}
          - {number: "4006220009"}
          - {number: "+85230080003", state: reclaimed}
"""

FULL = """
seed: 7
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: demo-secret}
        balance: 120.5
        currency: CNY
        daily_spend: 12.0
        page_size: 100
        numbers:
          - number: "4006220001"
            state: active
            network_state: active
            company: 示例公司
            grade: AAA
            contract_end: 2027-03-01
            routing:
              strategy: sequential        # sequential random cyclic weighted simultaneous
              wait_seconds: 20
              schedule: [{days: mon-fri, from: "08:30", to: "17:30", bindings: [b1, b2]}]
              region_allow: []            # area codes, empty = everywhere
              region_deny: []
              blacklist: []               # full numbers or leading digits
              whitelist: {enabled: false, entries: []}
              concurrency_limit: 10
              voicemail: true
            bindings:
              - {id: b1, phone: "13800000001", kind: mobile, position: 1, state: ok}
              - {id: b2, phone: "02287654321", kind: landline, position: 2, state: ok}
            calls: {per_hour: 30, results: {answered: 0.95, no_answer: 0.05}}
        generate:                    # many more of the same shape
          {count: 1000, first: "4008000000", bindings: 2, unhealthy: 0.01}
faults:                              # from the start
  - {provider: north, kind: http_500, share: 0.1}
timeline:
  - {at: 30s, number: "4006220001", binding: b1, set: {state: arrears}}
  - {at: 60s, number: "4006220001", set: {state: suspended_arrears}}
  - {at: 90s, account: north/hq, set: {balance: 9.8}}
  - {at: 95s, account: north/hq, numbers: all, set: {state: suspended_violation}}   # all, or a list
  - {at: 120s, number: "4006220001", set: {routing.wait_seconds: 5}}
  - {at: 150s, provider: north, fault: {kind: hang, for: 60s}}
  - {at: 240s, complaint: {number: "4006220001", caller: "13900001111", prompt: "您拨打的电话正忙"}}
"""
"""The example of the contracts: every part of a world file."""
