"""The words of the dashboards in Chinese."""

CHINESE = {
    "Fleet": "号码总览",
    (
        "Are the hotlines up, what is broken, how long does the money last, and who is "
        "at work on it."
    ): ("热线是否畅通、哪里坏了、余额能撑多久、谁在处理。"),
    "Numbers in service": "服务中的号码",
    "Numbers whose provider says that they take calls, confirmed recently.": (
        "服务商近期确认可以接听来电的号码数。"
    ),
    "Numbers down": "中断的号码",
    "Numbers that cannot take calls for a definite reason. Zero is the goal.": (
        "因明确原因不能接听来电的号码数，目标是零。"
    ),
    "Numbers unknown": "状态未知的号码",
    (
        "Numbers of which the present state is not known: their data is stale or their "
        "state has no name here. Unknown is not healthy."
    ): ("当前状态未知的号码数：数据过期，或状态没有映射。未知不等于正常。"),
    "Providers silent": "无应答的服务商",
    "Accounts whose provider did not answer the newest poll.": "最近一次轮询没有应答的账户数。",
    "Bound phones unreachable": "无法接通的绑定电话",
    "Phones behind the numbers that cannot be reached now.": "目前无法接通的绑定电话数。",
    "Open tickets": "未关闭工单",
    "Tickets that are not closed, over all stages.": "所有阶段中尚未关闭的工单数。",
    "Numbers by state": "号码状态分布",
    "How many numbers are in each state of their life, as the providers tell it.": (
        "按服务商给出的业务状态统计的号码数。"
    ),
    "Provider answers": "服务商应答",
    (
        "1 while the provider answers, 0 while it does not. A silent provider says "
        "nothing about the numbers."
    ): ("应答为 1，不应答为 0。服务商不应答时，号码状态无从得知。"),
    "What is broken": "故障",
    "Numbers that are down": "中断的号码清单",
    "Each number that cannot take calls now, with its provider and account.": (
        "目前不能接听来电的每个号码及其服务商和账户。"
    ),
    "State of the numbers that are down": "中断号码的状态",
    "The present state of each number that is not in service.": "不在服务中的每个号码的当前状态。",
    "Bound phones in trouble": "有问题的绑定电话",
    "Phones behind the numbers that cannot be reached, with what is known of each.": (
        "无法接通的绑定电话及其已知状态。"
    ),
    "Configuration that drifted": "偏离基线的配置",
    "Numbers whose configuration is not the approved one, by section.": (
        "配置与已批准基线不一致的号码，按配置项列出。"
    ),
    "Number": "号码",
    "Provider": "服务商",
    "Account": "账户",
    "State": "状态",
    "Bound phone": "绑定电话",
    "Section": "配置项",
    ("One number or a few: whether it takes calls, its phones, its calls, and what has changed."): (
        "一个或几个号码：能否接听、绑定电话、来电，以及有何变动。"
    ),
    "In service": "服务中",
    "1 while the provider says that the number takes calls; of several, how many.": (
        "服务商显示号码可以接听时为 1；选择多个号码时为个数。"
    ),
    "Bound phones": "绑定电话数",
    "How many phones the provider shows bound behind the number.": "服务商显示的绑定电话数。",
    "Bound phones that can be reached": "可接通的绑定电话",
    "How many of the bound phones can be reached now; a busy phone can.": (
        "目前可以接通的绑定电话数，占线算可接通。"
    ),
    "Contract ends in": "合同剩余时间",
    "How long the contract still runs; of several numbers, the shortest.": (
        "合同剩余的时间；选择多个号码时取最短的。"
    ),
    "Sections that drifted": "偏离的配置项",
    "How many sections of the configuration differ from the approved one.": (
        "与已批准基线不一致的配置项数。"
    ),
    "Faults of the configuration": "配置错误",
    "Findings of the lints that cost calls, waived ones not counted.": (
        "会造成漏话的配置检查结果数，已豁免的不计。"
    ),
    "Number takes calls": "号码可接听",
    "1 while the number can take calls, 0 while it cannot; a gap is unknown.": (
        "可以接听为 1，不能为 0，空白表示未知。"
    ),
    "State over time": "状态变化",
    "The state of the number at its provider; each line is 1 while it is in it.": (
        "号码在服务商处的状态，处于某状态时该线为 1。"
    ),
    "Phones and calls": "电话与来电",
    "Phones that can be reached": "可接通的电话",
    "How many phones are bound behind the number, and how many can be reached.": (
        "号码绑定了多少部电话，其中多少可以接通。"
    ),
    "What is known of each phone": "每部电话的状态",
    "The present state of each bound phone, as the provider tells it.": (
        "服务商给出的每部绑定电话的当前状态。"
    ),
    "Calls by result": "来电结果分布",
    "Calls of the number by how they ended, from the provider's call records.": (
        "按话单统计的号码来电结果。"
    ),
    "Calls by phone": "各电话来电",
    "The same calls by the phone they were led to, where the records name it.": (
        "同样的来电按接听电话统计（话单中有记录的）。"
    ),
    "bound": "已绑定",
    "reachable": "可接通",
    "Accounts and money": "账户与费用",
    "What is left on each account, how long it lasts, and what was spent.": (
        "各账户余额、还能用多久、花了多少。"
    ),
    "Balance": "余额",
    "Accounts below the notice line": "低于提醒线的账户",
    "Accounts whose balance is at or below the line at which one should pay.": (
        "余额达到或低于提醒线的账户数。"
    ),
    "Accounts below the stop line": "低于停机线的账户",
    ("Accounts whose balance is below the line at which the provider suspends their numbers."): (
        "余额低于停机线、号码将被停机的账户数。"
    ),
    "Shortest runway": "最短可用时间",
    ("How long the account lasts that reaches its stop line first, at its present spend."): (
        "按目前消费最先到停机线的账户还能用多久。"
    ),
    ("What is left on each account, in its own currency, with the line at which numbers stop."): (
        "各账户余额（按各自币种）及停机线。"
    ),
    "stop": "停机线",
    "Runway": "可用时间",
    "How long each account lasts at its present spend.": "按目前消费，各账户还能用多久。",
    "Lasts": "可用",
    "Spend": "消费",
    "Spend of the last hour": "最近一小时消费",
    "What went in the last hour, without fees, beside what calls explain.": (
        "最近一小时的消费（不含月租等费用），以及通话可解释的金额。"
    ),
    "explained": "可解释",
    "Calls at once": "并发通话",
    "The numbers nearest to their limit of calls at once, as a share of it.": (
        "最接近并发上限的号码（占上限的比例）。"
    ),
    "Spend of this month": "本月消费",
    "What each account has spent this month, in its own currency.": (
        "各账户本月已消费的金额（按各自币种）。"
    ),
    "Numbers suspended for arrears": "欠费停机的号码",
    "How many numbers of each account are suspended because it was not paid.": (
        "各账户因欠费停机的号码数。"
    ),
    "Providers and polling": "服务商与轮询",
    ("Whether the providers' APIs answer, how old the facts are, and why polls fail."): (
        "服务商接口是否应答、数据有多旧、轮询为何失败。"
    ),
    "Answers": "应答",
    "Age of the data": "数据时效",
    (
        "Seconds since each kind of fact was last confirmed. A line that climbs is a "
        "poll that fails."
    ): ("距离每类数据最近一次确认的秒数，持续上升说明轮询失败。"),
    "Polls": "轮询",
    "Polls per second, by capability.": "每秒轮询次数，按能力统计。",
    "Failed polls by reason": "轮询失败原因",
    "Failed polls per second, by the reason from the closed list.": (
        "每秒失败的轮询次数，按原因统计。"
    ),
    "Poll duration (90th percentile)": "轮询耗时（90 百分位）",
    "How long nine of ten polls take, by provider and capability.": (
        "九成轮询的耗时，按服务商和能力统计。"
    ),
    "Clock difference": "时钟偏差",
    (
        "By how much the clock of the provider is before that of the agent; signed "
        "requests are refused where it is too much."
    ): ("服务商时钟比监测程序快多少；偏差过大时签名请求会被拒绝。"),
    "The agent itself": "监测程序自身",
    "Event loop lag": "事件循环延迟",
    (
        "The longest time for which the agent's event loop was held up since it "
        "started, and the 99th percentile of late."
    ): ("启动以来事件循环的最长延迟，以及近期的 99 百分位。"),
    "longest": "最长",
    "Evaluation of the rules": "规则计算耗时",
    "How long the evaluation of each group of rules takes, nine times of ten.": (
        "九成情况下各规则组的计算耗时。"
    ),
    "Replicas": "副本",
    "How many agents share the ledger, as each of them sees it; 0 where only one uses it.": (
        "每个副本看到的、共用台账的监测程序数量；只有一个时为 0。"
    ),
    "Accounts by replica": "各副本的账户数",
    "How many accounts each replica polls, and how many nobody does.": (
        "每个副本轮询的账户数，以及没有人轮询的账户数。"
    ),
    "nobody": "无人轮询",
    "Clocks of the replicas": "副本的时钟",
    "By how much the clock of the database is before that of each replica.": (
        "数据库的时钟比每个副本快多少。"
    ),
    "Tickets and SLA": "工单与服务等级",
    (
        "Open tickets by stage, how much time their clocks have left, and whether the "
        "sinks take them."
    ): ("各阶段未关闭的工单、时限剩余时间，以及投递是否正常。"),
    "Tickets": "工单",
    "Critical tickets": "严重工单",
    "Open tickets of the severity critical.": "严重级别的未关闭工单数。",
    "Clocks breached": "已超时的时限",
    "Running clocks of open tickets whose time is over.": "未关闭工单中已超时的时限数。",
    "Tickets by stage": "工单阶段分布",
    "Open tickets by the stage of their life.": "按阶段统计的未关闭工单数。",
    "SLA deadlines": "时限",
    ("Time left on each running clock of each open ticket; a negative time is a breach."): (
        "每张未关闭工单各时限的剩余时间，负数表示已超时。"
    ),
    "Ticket": "工单",
    "Grade": "等级",
    "Clock": "时限",
    "Time left": "剩余时间",
    "Tickets without news": "长时间无进展的工单",
    "How long ago each open ticket was last changed, the longest first.": (
        "每张未关闭工单距上次变化的时间，最久的在前。"
    ),
    "Stage": "阶段",
    "Unchanged for": "未变化时长",
    "Sinks": "投递目标",
    "Deliveries to ticket systems": "工单投递",
    "Deliveries per second and those that failed, by ticket system.": (
        "每秒投递次数和失败次数，按投递目标统计。"
    ),
    "failed": "失败",
    "Waiting deliveries": "等待中的投递",
    "Ticket changes that wait for each sink, and those that were given up.": (
        "各投递目标等待中的工单变更数和已放弃的变更数。"
    ),
    "dead letters": "死信",
    "Calls": "来电",
    ("How many calls come, how they end, how long callers wait, and which numbers miss calls."): (
        "来电多少、结果如何、主叫等多久、哪些号码漏话。"
    ),
    "Calls in the chosen time, from the providers' call records.": (
        "所选时间内的来电数，取自服务商话单。"
    ),
    "Answered": "接通率",
    "The share of these calls that were answered.": "这些来电中接通的比例。",
    "Complaints": "申告",
    "Complaints in the chosen time that name a number.": "所选时间内指明号码的申告数。",
    "Calls by how they ended.": "按结果统计的来电数。",
    "Calls by provider": "各服务商来电",
    "Calls by the provider that carries the number.": "按承载号码的服务商统计的来电数。",
    "Calls by waiting time": "来电等待时间",
    "Calls that waited no longer than so many seconds.": "等待不超过相应秒数的来电数。",
    "s": "秒",
    "Numbers that miss most calls": "漏话最多的号码",
    "The ten numbers with the most calls that nobody answered, in the chosen time.": (
        "所选时间内无人接听来电最多的十个号码。"
    ),
    "Missed calls": "漏话数",
    "Dashboards": "仪表板",
    "Pages of numwatch": "numwatch 页面",
    "Configuration loaded": "加载配置",
    "Tickets changed": "工单变化",
    "Configuration drifted": "配置偏离基线",
    "Address of numwatch": "numwatch 地址",
    "Runbook": "处置手册",
    "nothing": "无",
    "Page in numwatch": "numwatch 中的页面",
    "Test calls": "拨测",
    "Numbers that fail test calls": "拨测失败的号码",
    (
        "Numbers to which the newest two test calls of some line failed. Calls whose line is at "
        "fault do not count."
    ): ("有线路最近两次拨测均失败的号码数。线路自身故障的拨测不计入。"),
    "Lines that do not work": "不可用的拨测线路",
    (
        "Lines from which the control number could not be reached: nothing is concluded from "
        "their calls."
    ): ("无法呼通对照号码的线路数，其拨测结果不作为判断依据。"),
    "Test calls by outcome": "拨测结果",
    "Test calls by how they ended, whoever asked for them.": "按结果统计的拨测次数，不论由谁发起。",
    "Time until something is heard": "接续时间",
    (
        "From dialling until the far end is heard, in the newest test call of each line to each "
        "number; above 7 seconds callers hang up."
    ): ("每条线路最近一次拨测每个号码时，从拨号到听到声音的时间；超过 7 秒客户会挂断。"),
    "Test calls that fail": "失败的拨测",
    "Each line whose newest test calls to a number failed, and how many in a row.": (
        "最近拨测失败的线路和号码，以及连续失败次数。"
    ),
    "Line": "线路",
    "Failed in a row": "连续失败",
    "Announcements heard by test calls": "拨测听到的提示音",
    "What was heard instead of the called party, and in how many calls in a row.": (
        "没有接通而听到的提示音，以及连续听到的次数。"
    ),
    "Announcement": "提示音",
    "Heard in a row": "连续听到",
}
"""By the English words; every one of them has its translation here."""


def translate(english: str) -> str:
    """The Chinese of some words of a dashboard.

    Raises:
        KeyError: when they have no translation.
    """
    return CHINESE[english]
