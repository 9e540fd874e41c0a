"""Chinese for the pages. `SCRIPT` lists the texts that scripts of pages show, beside those of the templates."""

from __future__ import annotations

SCRIPT = (
    "Play",
    "Pause",
    "sound, speech",
)

MESSAGES = {
    "Skip to the content": "跳到正文",
    "face in {share} of the frames": "{share} 的帧中有人脸",
    "Scores": "分数",
    "Clip": "视频片段",
    "Player": "播放器",
    "Play": "播放",
    "Pause": "暂停",
    "One frame back": "后退一帧",
    "One frame on": "前进一帧",
    "Landmarks": "关键点",
    "Boxes": "方框",
    "space": "空格",
    "frame": "帧",
    "next and previous weak segment": "下一处、上一处薄弱处",
    "Weak segments": "薄弱处",
    "Frames": "画面",
    "Over time": "随时间变化",
    "Curves shown": "显示的曲线",
    "Indicators": "指标",
    "indicator": "指标",
    "value": "数值",
    "unit": "单位",
    "usual": "通常",
    "better": "越好",
    "what it is": "含义",
    "model": "模型",
    "higher": "越高",
    "lower": "越低",
    "neither": "无所谓",
    "sound, speech": "声音、语音",
    "mouth opening": "张嘴",
    "offset (frames)": "偏移（帧）",
    "{name} over time: sound, spectrogram, mouth opening, offset and scores": (
        "{name} 随时间的变化：声音、频谱、张嘴、偏移和分数"
    ),
}
