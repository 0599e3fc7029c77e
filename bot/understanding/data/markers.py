"""The words that decide what a clause says, by tag; plain data, meant to be edited.

A word may stand under several tags. Words are matched longest first, so a longer word that holds a
shorter one (差不多, 没问题, 说明书) is how an exception is made. English words match whole words.
"""

MARKERS: dict[str, str] = {
    # work reported as finished
    "done": """
        合格 完成 已完成 完工 完毕 完事 完活 收工 竣工 好了 好啦 好咯 好喽 好嘞 好咧 好鸟 好哒
        好勒 已好 好 搞定 搞好 搞完 弄好 弄完 做完 做好 做掉 干完 忙完 赶完 打完 跑完 出完 走完
        收尾完 结束 妥了 齐活 做完了 做好了 搞完了 搞好了 弄好了 弄完了 干完了 完成了 完工了
        搞定了 结束了 完事了 都好 全好 掂 搞掂 搞掂了 掂了 做晒 搞晒 好晒 完咗 好咗 做咗 完成咗
        完左 好左 做起 做起了 搞起了 弄起了 成了 得了 中了 拿下 拿下了 到位 到位了 交工 交工了
        下来了 出来了 好嗒 完啦 完咯 完嘞 完喽 完成啦 完成喽 完成咯 完成囉 囉 okay ok okk okla
        ✅ ✔ √ ☑ 🆗 💯 👌 done finished completed complete ready wrapped finalized finalised
        delivered 通过 通过了 过了 过关 过关了 合格了 没毛病了 pass passed passes 达标 达标了
    """,
    # among these, the ones that are said of a process rather than of errands
    "formal": "完成 已完成 完成了 完工 完工了 完毕 完 完了 ✅ ✔ √ ☑ done finished completed",
    # finished only where it directly follows a node word (A102完了 is a lament)
    "done_after": """
        下机 下线 确认了 完 完了 完毕了 齐 齐了 已齐 全齐 到齐 到齐了 都齐了 备齐 备齐了 配齐
        配齐了 齐全 齐全了
    """,
    "arrived": """
        已到 已到货 已到齐 已到位 都到了 全到了 到了 到货 到货了 回来 回来了 到厂 到厂了 到仓
        到仓了 进厂了 进仓了 送到 送到了 arrived
    """,
    # work reported as begun
    "begin": """
        开始 开始了 开工 开工了 开做 开做了 开干 开干了 动工 动工了 着手 启动 启动了 开动
        开动了 正在 在做 在搞 在弄 在赶 在忙 在跑 在打 进行 进行中 制作中 生产中 加工中 作业中
        做着 做紧 开机了 投产 投产了 转入 转到 转去 进入 流到 流转到 交到 started start starts
        begun began beginning ongoing progressing
    """,
    "doing_after": "上机 上线 中 紧 着 着呢 ing 当中 进行中 制作中 加工中 生产中",
    "at_work": "在 正",
    # 歇后 negation
    "neg": """
        没 没有 没能 没法 未 未能 尚未 还没 还没有 还未 并未 并没 从未 不 不能 不会 不要 不用
        不必 不行 不了 不是 不算 不可 不许 别 甭 莫 毋 勿 休 无法 无需 无须 难以 木有 冇 唔 唔好
        咪 么得 没得 不着 不上 没做 没开 没动 没空 没打算 没人做 不想 不到 没好 没完 没搞 没弄
        没到位 没弄完 没做完 没完成 未完成 未完 没完工 未完工 没做好 没搞定 没弄好 没结束 没搞好
        没动工 没开工 没开始 未开始 没轮到 ❌ ✖ ✘ ✗ 🚫 not no never without unfinished
        incomplete nope cannot haven hasn isn aren wasn weren didn doesn don won wouldn couldn
        shouldn ain cant isnt hasnt havent didnt wasnt arent dont doesnt wont unable fail_to
        pending yet
    """,
    "neutral": """
        发错群 发错群了 发错人 发错人了 发错货 发错货了 发错地方 发错图 下错单 下错单了 做错单
        请知悉 请查收 请查看 请知晓 请悉知 请各位知悉 请大家知悉 请放心 请注意查收 敬请知悉
        请过目 请检查 请验收 合格率 合格证 合格品 最后 一把 把握 把手 完成日期 完成时间 完成图
        完成量 完成数 完成标准 完成期限 完成质量 完成效果 完成有奖 完成奖 完成奖励 完成单 完成表
        完成人 完工日期 完工时间 问题 完全 完整 完美 完蛋 完蛋了 没问题 没关系 没事 没啥 没什么
        没错 不错 不好意思 对不起 不客气 不过 不但 不仅 不光 不只 不止 不锈钢 不干胶 不同 不断
        不少 不粘胶 不织布 好漂亮 好慢 好多 好难 好贵 好久 好快 好看 好烦 好累 好差 好大 好小
        好重 好热 好冷 好想 好几 不规则 不透明 不透光 不掉色 不褪色 不影响 特别 区别 级别 分别
        类别 别墅 别针 别的 别人 个别 识别 鉴别 性别 告别 未来 未央 无纺布 无缝 无尘 无铅 无框
        无锡 无痕 无线 无影 无边 无极 无石棉 莫代尔 莫兰迪 不料 不久 不缺 不缺料 没缺 没坏 没停
        没晚 不晚 没耽误 不耽误 没延误 不延误 不延期 没延期 不用等 不等 没影响 没故障 没毛病
        没啥问题 会议 开会 会所 会场 会展 会员 社会 机会 协会 年会 展会 学会 大会 工会 要求单
        重要 主要 次要 需要 功能 性能 智能 能力 能量 节能 不可 可乐 可爱 可惜 可比 可口 先生
        先进 领先 就业 成就 就是 就这 再生 再生纸 再见 后道 后整 后台 后面 后门 后片 后加工
        后处理 后期 后勤 售后 背后 后视 后盖 后幅 后工序 后续 前台 前面 前片 前幅 前处理 前道
        门前 提前 之前的 等级 等于 等等 同等 平等 中等 上等 优等 等离子 均等 将军 大将 麻将 应用
        应急 感应 供应 响应 反应 对应 相应 适应 哪吒 那么 这么 怎样 什么的 小说 传说 谁谁
        问题不大
    """,
    # questions
    "ask": """
        吗 嘛 么 嗎 呢 了没 了没有 好没 好没有 完没 完没有 没呢 没啊 没呀 好不好 好不 了不 了伐
        了撒 好伐 好未 未呀 未啊 了未 了木 了么 好么 没得嘛 是不是 是否 有没有 能不能 会不会
        可不可以 要不要 行不行 对不对 对吗 对吧 是吗 是吧 是不 没错吧 可否 能否 怎么 咋 咋回事
        咋还 为啥 为什么 为何 干嘛 如何 难道 莫非 请问 问下 问一下 想问 咋没 哪 哪个 哪天 哪儿
        哪里 几 啥 什么 what why whats any anyone whether which right
    """,
    "how_far": """
        how_is how's how_are how_far
        到哪 到哪了 到哪一步 到哪步 到哪里 到哪里了 到哪儿 到哪儿了 哪一步 哪步了 哪道 什么进度
        啥进度 进度如何 进度怎样 进度怎么样 怎么样 怎么样了 咋样 咋样了 怎样了 什么情况 啥情况
        什么状态 啥状态 如何了 做到哪 做到哪了 多少了 做了多少 做到多少 多少 几件 几个 几套 几成
        几成了 到什么程度 多少件 到边度 去到边 边度 到哪块 好了没 好了没有 好了吗 好没 完了没
        弄好没 搞好没
    """,
    "look_up": """
        完成情况 完成进度 完成率 完成度 完成状况 完成得怎么样 完成怎么样 进度 查进度 查一下
        查下 查询 查 看下进度 看一下进度 进展 进展情况 状态 现状 status progress update eta
        汇报一下 报一下进度 报下进度 跟进一下
    """,
    "when": """
        什么时候 啥时候 什么时间 啥时间 几时 何时 多久 几点 几号 哪天 哪一天 几天 多长时间
        多少天 几多日 几日 什么时后 啥时 多会儿 多咱 来得及 来不来得及 赶得上 赶不赶得上 能赶上
        赶得及 when eta 预计时间 交期 什么日子 礼拜几 周几 星期几 几月几号 how long soon
    """,
    "who": """
        谁 哪位 谁在 谁做 哪个师傅 哪个组 哪个班 哪组 哪个人 谁负责 谁管 负责人 边个 who whose
        who's
    """,
    "which": """
        哪些 有哪些 哪几单 哪几个单 哪几张 几单 几张单 多少单 有几单 有啥单 什么单 哪张单 哪单
        所有单 全部单 单子列表 列表 清单列一下 which list 列一下 列出
    """,
    # not yet: plans, hopes, conditions, orders given, hearsay
    "plan": """
        to_be should_be 得先 还得 还要 争取 尽量 尽力 预计 预期 预估 预备 计划 打算 准备 将
        将要 将会 即将 会 能 能够 可 可以 要 快 快要 快好 快好了 快完 快完了 就快 就要 就好 就完
        马上 马上就 立马 立刻 待会 待会儿 一会 一会儿 一会就 等会 等会儿 等下 等一下 回头 稍后
        晚点 晚些 随后 接下来 下一步 轮到 排到 安排 排期 待 拟 目标 待办 下周 下个月 改天 改日
        过两天 过几天 这两天 这几天 差一点 差点 最快 最晚 最迟 收尾 尾声 要开始 想 快了 行将
        可望 有望 下次 陆续 加班 赶工 在赶 会议计划 下班前 收工前 天黑前 午饭前 饭前 睡前 放假前
        年前 节前 until till before will shall gonna going plan planned planning expect expected
        expecting should would try trying soon almost nearly about later next by ll scheduled
        aim aiming can could due wants want need needs tbd todo
    """,
    "hope": "⏳ ⌛ 🔜 希望 但愿 最好 期待 盼 巴不得 祈祷 求 千万 hope hopefully wish wishes",
    "cond": """
        如果 要是 假如 假设 万一 只要 只有 除非 若 若是 倘若 的话 一旦 等到 没等 直到 每次 每当
        要不是 的时候 时候 之后 以后 完后 了后 好后 前提 再说 再看 就可以 就能 就行 就算 即使
        哪怕 无论 不管 假使 if when whenever once after unless assuming provided while
    """,
    "after_done": "后 就 再 才 以后 之后 之前 以前 前 时 即 便 方 方可 则 立即",
    "weak_cond": "等 待 就 再 才",
    "order_given": """
        拍个照 拍张照 拍张照片 拍个照片 拍几张 拍个视频 拍一下 拍下 发一下 发下 发个照片 发张照片
        发个图 发张图 发个视频 发我看看 发来看看 传一下
        确认一下 确认下 核实 核实下 核实一下 查查 看看 看下 看一下 盯 盯着 盯紧 跟进 get let's
        尽快 尽早 赶紧 赶快 抓紧 必须 务必 一定 一定要 请 麻烦 帮忙 帮我 帮 记得 别忘 别忘了
        加急 优先 快点 快些 速度 催 催下 催一下 催催 让 叫 要求 得给 给我 给我把 注意 切记 要把
        得把 去把 来把 该 得赶 麻利 别拖 抓点紧 快把 你把 你们把 大家把 拜托 通知 交代 指示 请把
        必需 需 需要 应当 得先 快去 快来 下单给 先把 please pls plz asap must urgent kindly
        hurry let make remember
    """,
    "first": "由 把 按时 及时 按期 准时 按质 先 先做 先把 先去",
    "hearsay": """
        🤔 🤨 🧐 😕 了个寂寞 个寂寞 寂寞
        问 追问 在问 来问 又问 完成与否 个屁 个鬼 才怪 假的 骗人 开玩笑 扯淡 吹牛 你确定 确定
        本来 原定 原本 听说 据说 好像 好象 似乎 可能 有可能 大概 大约 大致 应该 应该是 估计 估摸
        差不多 貌似 说 说是 说的 讲 反映 告诉 感觉 我猜 猜 八成 基本 基本上 几乎 没准 说不定
        不一定 也许 或许 怕是 恐怕 看样子 看起来 看上去 看来 好似 像是 疑似 据 传 转告 传话 假装
        吧 了吧 吧应该 理论上 按理 照理 号称 以为 认为 觉得 话 印象中 记得好像 不确定 不清楚
        不知道 不晓得 没确认是否 未确认是否 待确认 maybe perhaps probably apparently reportedly
        seems seem seemingly heard hear might may said says say told tells think guess
        supposedly allegedly roughly likely possibly unsure believe
    """,
    # delays
    "blocked": """
        没到 没来 未到 还没到 还没来 没到货 未到货 没到齐 未到齐 没齐 未齐 没回 没回来 还没回
        还没回来 未回 没送来 没送到 没寄到 没收到 未收到 没拿到 没发来 没给 没批 没定 没定稿
        没确认 未确认 还没确认 没签 没付款 没付 没打款 没料 没料了 没货 没电 没人 没人手 没人做
        没水 没气 没网 缺 缺料 缺货 缺件 缺人 缺人手 缺工 缺材料 断料 断货 断供 少料 差料 缺口
        不够 不足 不够用 欠料 坏了 坏掉 坏掉了 坏 挂了 烧了 罢工 罢工了 趴窝 趴窝了 死机 死机了
        宕机 故障 出故障 出故障了 出毛病 卡机 卡住 卡住了 卡壳 停电 停电了 断电 断电了 跳闸
        跳闸了 限电 停水 停机 停机了 停线 停线了 停产 停工 停工了 停运 停了 停下来 停下来了 停着
        停摆 暂停 暂停了 封路 封控 请假 请假了 离职 辞职 生病 病了 缺勤 没上班 卡在 被扣 扣关
        滞留 堵车 堵在 爆仓 台风 暴雨 暴雪 大雪 下雪 洪水 淹了 火灾 着火 报修 维修 修机 在修
        待修 抢修 断针 断针了 断刀 断刀了 断线 断线了 断带 断带了 卡纸 卡纸了 卡料 卡料了
        堵头 堵头了 堵喷头 跳闸了
        报警 报警了 漏油 漏气 漏水 broken broke down missing shortage unavailable stuck blocked
        stopped halted outage jammed waiting lacking short stockout out_of_stock late breakdown
    """,
    "postponed": """
        推到 推迟 推迟到 推后 往后推 延到 延期 延期到 延后 延后到 延误 延误到 延迟 延迟到 顺延
        顺延到 拖到 拖后 耽误 耽误到 耽搁 误期 拖期 晚到 要晚 得晚 会晚 晚 要拖 得拖 要推 得推
        要延 得延 改到 挪到 往后 误 拖 延 推 慢 得到 赶不上 来不及 赶不及 出不来 交不了 发不了
        发不出 做不了 做不完 完不成 完不了 开不了 干不了 等不到 走不了 delay delayed postponed
        postpone behind slipped slip overdue later_than pushed
    """,
    "waits": """
        等 要等 得等 还要等 还得等 还在等 在等 正在等 等着 等到 需等 需要等 干等 等待 只能等
        等料 等货 等货到 等材料 待料 等通知 waiting awaiting
    """,
    "resumed": """
        继续 恢复 恢复了 接着 复工 复工了 恢复正常 恢复生产 重启 重启了 重新开始 又开始 resume
        resumed resuming continue continues continuing restarted
    """,
    "mended": """
        修好 修好了 来电了 来电 通电了 复电 恢复供电 解决了 解决 处理好了 repaired fixed
    """,
    "failed": """
        不合格 没过 没通过 未通过 不通过 通不过 不过关 没过关 未过 没验过 验不过 没检过 不达标
        未达标 没达标 不良 打回 打回来 打回来了 打回了 被退 被退回 退回来 退回 拒收 ng failed
        fail fails rejected reject 未合格 没合格
    """,
    "reworked": """
        返工 返工了 返修 返修了 重做 重做了 重新做 重新 返 rework reworked reworking redo
        redone redoing 重制 重产 返厂 翻工
    """,
    "defect": """
        色差 歪了 歪 歪斜 偏位 偏了 偏移 错位 印错 做错 错了 起泡 气泡 划伤 刮花 划痕 破损 瑕疵
        次品 脱落 掉色 褪色 开裂 裂了 变形 开胶 漏印 重影 尺寸不对 尺寸错 不对版 色不对 颜色不对
        质量 质量问题 脏污 跳针 毛边 崩边 缺口 缩水 起皱 沙眼 砂眼 短路 虚焊 连锡 露铜 披锋
        做坏 做坏了 搞坏 弄坏 印坏 印坏了 打坏 打坏了 喷坏 喷坏了
        defect defective misaligned scratch scratched crooked 不均匀 厚了 薄了 不牢
    """,
    # quantities
    "again": """
        又 再 再做 又做 又做了 再做了 另外 另 新增 加做 多做 another more 又完成 又出 再出 又发
        again additional
    """,
    "total": """
        总共 累计 合计 一共 共 共计 共完成 目前 总计 至今 截止 截至 到目前 total so_far
        altogether 已完成 已做 已经做了
    """,
    "left": """
        还差 差 还剩 剩 剩下 剩余 还缺 还有 还欠 欠 余 剩的 尚余 尚差 尚缺 只差 就差 只剩 就剩
        left remaining remain to_go short outstanding
    """,
    "half": """
        一半 过半 半 大半 多半 大部分 大部份 部分 一部分 小半 half partly partially partial
        mostly 绝大部分 第一批 头批 首批 前一批 三分之一 三分之二 四分之三 四分之一 一小部分
    """,
    "good": "合格 良品 好的 过了 通过 ok 合格的 正品 good pass passed",
    "mend": """
        返修 返工 返 重修 重做 不良 不合格 要修 需修 待修 不良品 返工的 返修的 rework
        defects defective
    """,
    "lost": """
        报废 废品 次品 坏品 坏件 坏的 废 报废了 废了 损耗 作废 报损 废掉 报废掉 打烂 丢了
        scrap scrapped waste
    """,
    "rate": "每天 每日 每小时 每人 每台 日产 每件 每个 每套 每 单价 均 per daily hourly",
    "size": """
        总数 订单数 订单数量 订单量 加单 减单 追加 客户改数量 数量加到 数量减到 总量 下单数
        加到 减到 订量 改单 增加到 order_quantity order_size
    """,
    # corrections and answers
    "wrong": """
        发错 发错了 打错 打错了 打错字 写错 写错了 报错 报错了 搞错 搞错了 弄错 弄错了 说错
        说错了 填错 填错了 选错 选错了 点错 点错了 按错 按错了 记错 记错了 看错 看错了 输错
        输错了 发错单 发错单了 搞混 搞混了 弄混 弄混了 错单 错单了 单号错了 单号错 报重 报重了
        发重了 手误 手滑 手抖 口误 笔误 不对 误报 误发 误操作 不作数 typo wrong mistake mistyped
        oops my_bad incorrectly
    """,
    "take_back": """
        撤回 撤回了 撤销 撤销了 撤掉 撤了 撤 收回 作废 取消 取消了 删掉 删了 删除 不算数 不算
        当没发 没发过 undo revert cancel withdraw recall retract
    """,
    "become": """
        改成 改为 更正 更正为 更正一下 修正 纠正 改一下 改下 改 应为 应该是 应是 其实是
        实际是 实际 是 而是 换成 correction but mean actually meant instead change changed
    """,
    "not_but": "不是 并不是 并非 非 不该是 not isn",
    "excepted": "除了 除开 除去 除 以外 除外 except excluding 之外",
    # notices
    "tell_me": """
        叫我 告诉我 通知我 提醒我 喊我 跟我说 跟我讲 同我讲 话我知 跟我说一声 跟我说声
        告诉我一声 告知我 告知我们 说一声 说声 吱一声 吱个声 喊一声 叫一声 通知一声 招呼我
        招呼一声 知会我 知会一声 发我消息 发消息给我 给我发消息 给我消息 给我说一声 和我说
        和我说一声 叫我们 通知我们 告诉我们 提醒我们 通知一下我 通知下我 提醒一下我 ping我 at我
        艾特我 call我 订阅 关注 推送给我 推给我 跟我们说 let_me_know notify_me tell_me ping_me
        remind_me inform_me subscribe alert_me message_me text_me notify_us let_us_know tell_us
        keep_me_posted keep_us_posted keep_me_updated keep_us_updated keep_me_informed
        keep_us_informed give_me_a_heads_up send_me_updates 跟我讲一声 通知到我 提醒到我
    """,
    "tell_no_more": """
        别推 别推了 不用推 不用推了 别再推 别再推了 不要推 不要推了 不要再推 不要再推了
        别发通知 别发通知了 别通知 别通知了 别通知我 别通知我了 不用通知 不用通知我 不用通知了
        不用通知我了 不要通知我 不要通知我了 不要通知 不要通知了 不用再通知 不用再通知我
        不用提醒 不用提醒了 不用提醒我 不用提醒我了 别提醒 别提醒我 别提醒了 别提醒我了 不要提醒
        不要提醒我 不要提醒了 别再通知 别再通知我 别再发 别再发了 别烦我 取消订阅 退订 取消通知
        取消提醒 取消关注 不订阅了 不再订阅 停止推送 别叫我了 不用叫我了 不用告诉我了 关闭推送
        关闭通知 关掉推送 关掉通知 消息别推 别给我发 别给我发了 别给我推 别给我推了 不用给我发了
        别推送 别推送了 不要推送 不要推送了 不用推送 不用推送了 unsubscribe
        mute no_more_messages stop_messaging stop_sending
        stop_notifying stop_updates stop_notifications no_more_updates no_more_notifications
    """,
    "photo": """
        照片 图片 图 相片 视频 拍照 拍了 拍的 现场 实拍 实物图 实物 成品图 效果图 照 如图 见图
        看图 photo photos picture pictures pic pics image images video
    """,
    "praise": """
        完成得 做得 完成的不错 做的不错 做的漂亮 做的好 干得 干的不错 得漂亮 漂亮 厉害 满意
        好看 不错 赞 牛 辛苦 辛苦了 谢谢 感谢 棒 太好了 good_job well_done nice great
    """,
    "mine": """
        我的单 我们的单 我那单 我那个单 我的货 我们的货 我那批 我的订单 我们的订单 我家的单
        我家的货 我单 我货 我的东西 我们那批 我们那单 my_order our_order my_orders my_goods
        our_goods
    """,
    "header_plan": """
        计划 安排 待办 目标 任务 明日计划 今日计划 日程 排产 排单 排期 todo plan 下步 要做
        需完成 待完成 未完成
    """,
    "copied": "转发 转自 转 fw fwd",
}

# words between a node and its marker that change nothing
TRANSPARENT = """
    其他 其余 其它
    那条 这条 上条 前条 消息 信息 上一条 上一个 前一条 刚发的 发的 前面 上面 sorry 抱歉 不好意思
    message last one 数量 数目 件数 个数
    由 最后 请知悉 请查收 都 全 全部 全都 皆 均 已 已经 业已 也 也都 亦 刚 刚刚 刚才 才刚 才
    终于 总算 早 早就 早都 早已 就 就是 也已 今儿 了 咯 啦 啊 呀 哈 哦 噢 喔 哟 嘞 咧 喽 囉 嘅
    咗 左 哒 滴 吼 捏 喂 诶 欸 唉 哎 嗯 呃 额 那个 这个 那边 这边 这块 那块 这道 那道 这里 那里
    工序 环节 工作 活 活儿 任务 阶段 步骤 部门 顺利 按时 准时 圆满 正式 成功 一次 一次性 做 搞
    弄 干 忙 赶 打 收 跑 出 切 过 给 把 上 下 走 处理 操作 加工 作业 生产 制作 组 班 班组 车间
    部 师傅 师傅们 间 组长 老师傅 大家 我们 咱们 咱 我 俺 俺们 阿拉 我这 我这边 我们组 我们这边
    工位 的 地 得 这单 那单 这批 那批 单子 这款 那款 款号 单号 订单 订单号 工单 批次 货 货品
    产品 成品 整单 整批 全单 号 项目 报告 汇报 进度 状态 目前 现在 这会 此刻 一共 总共 共 合计
    累计 确认 检查 检验 审核 今 各 各自 分别 同时 一起 一并 一块 提前 昨 夜班 白班 早班 晚班
    中班 三班 二班 一班 方面 部分都 那 这 哪怕 老板 领导 各位 大伙 兄弟们 姐妹们 亲 你好 您好
    早上好 上午好 下午好 晚上好 收到 好的 嗯嗯 ok的 哥 姐 总 啊对 对 是的 没错 另外 还有 以及
    然后 并且 而且 顺便 和 及 跟 与 加 还 连 连同 带 各完成 个 只 做了 搞了 弄了 完成了 出了 到
    有 有了 是 为 已有 到了 it is are was were has have had been be all the a an of for to and
    on in at now just already we i i've we've our my this that with both everything fully
    finally step stage process task order po no work job team order's s
"""

# nouns that belong to an order but are no work on it; "<order>的发票打印好了" is not a node
THINGS = """
    发票 合同 图纸 标签 贴纸 吊牌 水洗标 说明书 唛头 箱唛 单据 送货单 发货单 报价单 报价 资料
    文件 文档 快递单 面单 二维码 条码 条形码 清单 表格 名片 样品 样板 样件 首件 首板 小样 打样
    样布 样衣 样板房 工资 保险 机器 设备 刀具 刀片 刀 钻头 钻针 网版 菲林 钢网 耗材 纸箱 胶带
    胶水 墨水 墨盒 气泡袋 证书 检测报告 检验报告 质检报告 报告书 模具 治具 夹具 工具 材质单
    出库单 入库单 领料单 收据 对账单 账单 定金 尾款 货款 款项 付款 打款 车票 饭 午饭 晚饭 早饭
    外卖 会议 会议室 海报 横幅 锦旗 视频会 invoice invoices label labels manual contract
    quotation drawing drawings sample samples certificate
"""

REASONS: tuple[tuple[str, str], ...] = (  # (reason, words), the first that is in the clauses wins
    ("outsourcing", """
        外发 外协 委外 外加工 外包 加工厂 代工 外厂 协力厂 发外 outsourc subcontract
    """),
    ("power", "停电 断电 跳闸 限电 没电 来电 供电 电力 power"),
    ("weather", """
        台风 暴雨 大雨 下雨 下雪 大雪 暴雪 洪水 天气 雷暴 冰雹 高温 寒潮 雾霾 回南天 梅雨
        weather typhoon storm snow rain
    """),
    ("logistics", """
        快递 物流 货车 堵车 爆仓 停运 海关 清关 船期 货代 运输 司机 封路 送货车 航班 车没到
        车还没到 车没来 柜子 订舱 logistics courier truck shipment customs carrier
    """),
    ("customer", """
        客户 客人 甲方 业主 对方确认 稿子 客供 客方 买家 客人确认 等确认 没定稿 改稿 等稿
        没付款 没打款 customer client artwork approval
    """),
    ("labour", """
        人手 缺人 请假 没人 人不够 人员 缺工 工人 人力 离职 辞职 缺勤 生病 病了 招不到 罢工
        少人 师傅病 师傅不在 两个人 没上班 人少 人不齐 labor labour worker workers staff people
        sick
    """),
    ("equipment", """
        机坏 机器 设备 故障 卡纸 卡料 堵头 堵喷头 断刀 断带 断线 报警
        坏了 坏掉 修机 卡机 停机 死机 宕机 机台 报修 维修 抢修 在修 修到
        修不好 修好 刀断 模坏 断针 漏油 漏气 趴窝 烧了 卡壳 炉坏 泵 电机 主板 machine equipment
        printer laser broken breakdown broke jammed down repair
    """),
    ("material", """
        缺料 没料 等料 断料 欠料 待料 少料 差料 料没 料还没 料未 料不 料晚 料要 料得 缺货 断货
        没货 材料 原料 板材 纸张 来料 补料 供应商 缺 不够 不足 没到 没来 未到 没齐 未齐 没到货
        等螺丝 等五金 等封边条 等铰链 等滑轨 等导轨 等配件 等辅料 等面料 等拉链 等纽扣 等油墨 等板子
        晚到 到货 备料 料到 断供 没送来 没送到 没寄到 material supplier shortage stock missing
        fabric short
    """),
    ("quality", """
        返工 返修 色差 歪 不良 质量 次品 瑕疵 不合格 气泡 起泡 划伤 刮花 划痕 偏位 偏移 偏了
        错位 开胶 开裂 裂 变形 掉色 褪色 漏印 重影 破损 脏 尺寸不对 印错 虚焊 短路 连锡 露铜
        砂眼 崩边 跳针 毛边 重做 quality defect scratch crooked misalign
    """),
)  # fmt: skip

PIECES = """
    件 套 块 张 个 条 顶 双 片 只 副 枚 对 本 盒 支 根 把 面 幅 扇 樘 册 份 颗 粒 台 组 卷 樽
    打件 幢 座 床 米袋 pcs pc pce piece pieces sets set units unit pnl panels ea
"""
PACKAGES = "箱 包 袋 捆 托 扎 板 柜 车 ctn ctns carton cartons boxes box bags pallets pallet"
OTHER_UNITS = """
    人 名 小时 钟头 分钟 分 秒 天 日 周 星期 礼拜 月 年 点 号 楼 层 次 遍 道 单 款 种 色 度 米
    公分 厘米 毫米 公斤 斤 吨 克 元 万元 角 岁 班 成 倍 台机 号机 号线 车间 mm cm m kg g k v w t
    l ml x s d h hrs hours hour min mins minutes days day weeks week usd rmb
"""
AFTER_PIECES = (
    "了都已合返不报好完做还没剩差在可待的左右多吧吗哈啊呢有缺搞弄成全是就废先裁绣印要后、ok"
)

YES = """
    是 是的 对 对的 嗯 嗯嗯 恩 好 好的 可以 行 确认 没错 对对 是啊 对啊 中 要的 係 系 得 1 ok
    okay yes y yep yeah yup sure right correct confirm confirmed 👌 ✅ ✔ 👍 🆗 √ 没问题 就是
    就是这个 是这个 对头 要得
"""
NO = """
    不是 不 不对 否 没有 没 错 错了 不要 算了 取消 别 唔係 唔系 不是的 不用 不用了 都不是
    不是这个 no n nope nah cancel never ❌ 👎 ✖ 不行 不可以
"""
