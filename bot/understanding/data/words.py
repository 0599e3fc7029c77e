"""Ordinary words whose sound a node word may share; edit freely.

pypinyin's phrase list holds the words with unusual readings; this adds common ones it lacks.
"""

ORDINARY = """之间 基础 昨晚 大堂 烟火 峰值 厚道 发火 开采 建材 只见 大唐 正堂"""
