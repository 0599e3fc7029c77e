"""Phrases put together from parts, and words of tags that need a line to explain them."""

_STOP_TELLING = " ".join(
    no + again + tell + whom + "了" * end
    for no in ("别", "不要", "不用", "不必", "无需", "甭")
    for again in ("", "再")
    for tell in ("推", "推送", "通知", "提醒", "告诉", "推送给", "发通知给", "发消息给")
    for whom in ("", "我", "我们")
    for end in (0, 1)
    if whom or not tell.endswith(("告诉", "给"))
)

_SOME = " ".join(
    f"完成{end}{much}{over}"
    for end in ("", "了")
    for much in ("不少", "很多", "好多", "许多", "一些", "一点", "一点点", "一部分", "一批")
    for over in ("", "了")
)

PHRASES: dict[str, str] = {
    "tell_no_more": _STOP_TELLING,
    "half": _SOME,
    # nouns made of a word of completion: what they are in reports nothing finished
    "noun": """
        完成日期 完成时间 完成期限 完成标准 完成质量 完成效果 完成图 完成量 完成数 完成情况 完成进度
        完成率 完成度 完成状况 完成单 完成表 完成照 完成照片 完成图片 完成视频 完工日期 完工时间
        完工照 完工照片 完工图 完工率 完工情况 完成日 完工日 完成品 完成节点 完成的照片 完成的图片
        完成的视频 完成的图 完成的样子 好的照片 好的图片 好的视频
    """,
    # a part of the lot that is not the first: how many pieces are done is not said
    "lot": """
        第二批 第三批 第四批 第五批 第六批 第2批 第3批 第4批 第5批 第6批 二批 三批 上一批 上批
        下一批 下批 后一批 后批 尾批 末批 另一批 另外一批 最后一批 补的一批 其中一批 有一批
    """,
    # work on a machine: with a word of completion behind it the machine runs again
    "repair": "维修 检修 抢修 修理 机修 修机 大修 维护 保养",
    "excepted": "不包括 不包含 不含",
    "neutral": "不含税",
}
