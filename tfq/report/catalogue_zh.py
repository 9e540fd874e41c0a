"""Chinese for every text that people read. Keys are the English texts, as msgids are in gettext."""

from __future__ import annotations

_SCALE = {
    "Lip sync": "口型同步",
    "Expression": "表情自然度",
    "Audio quality": "音质",
    "Consistency": "音画一致性",
    "Visual quality": "画面质量",
    "Overall": "总体",
    "lips": "口型",
    "face": "表情",
    "sound": "音质",
    "match": "一致",
    "picture": "画面",
    "overall": "总体",
    "excellent": "优",
    "good": "良",
    "fair": "中",
    "poor": "差",
    "bad": "劣",
}

_STATUS = {
    "no face was found": "没有找到人脸",
    "the file has no sound": "文件没有声音",
    "there is no speech": "没有语音",
    "the clip is too short": "片段太短",
    "the sound is silent": "声音是静音",
    "no offset within the search range fits": "搜索范围内没有合适的偏移",
    "the face is upside down; turn the video": "人脸上下颠倒，请旋转视频",
    "the mouth is hidden, or the head is turned away": "嘴部被遮挡，或头部转向一侧",
    "too few frames show the face": "出现人脸的帧太少",
    "the model was not trained on this dimension": "模型没有训练这一项",
    "in sync": "同步",
    "uncertain": "不确定",
    "sound early, not noticeable": "声音略早，察觉不到",
    "sound late, not noticeable": "声音略晚，察觉不到",
    "sound early": "声音偏早",
    "sound late": "声音偏晚",
}

_REASONS = {
    "the model's judgement": "模型的判断",
    "lower than all of its parts, by the model's judgement": "低于各分项，出自模型的判断",
    "mouth lags the voice by {:.0f} ms": "口型比声音晚 {} 毫秒",
    "mouth is ahead of the voice by {:.0f} ms": "口型比声音早 {} 毫秒",
    "mouth and voice match at no offset (confidence {:.2f})": "任何偏移下口型与声音都不匹配（置信度 {}）",
    "mouth hardly moves for {:.1f} s": "嘴部 {} 秒几乎不动",
    "mouth hardly moves for {:.1f} s while the voice goes on": "声音持续时嘴部 {} 秒几乎不动",
    "mouth is a still picture in {:.0%} of the frames": "{} 的帧中嘴部是静止画面",
    "upper face hardly moves for {:.1f} s": "上半脸 {} 秒几乎不动",
    "upper face hardly moves for {:.1f} s while the voice goes on": "声音持续时上半脸 {} 秒几乎不动",
    "face jerks (jerkiness {:.2f})": "面部抖动（抖动度 {}）",
    "head trembles ({:.0f} eye distances/s²)": "头部颤动（{} 倍眼距/秒²）",
    "face is lopsided (asymmetry {:.2f})": "面部左右不对称（不对称度 {}）",
    "{:.0%} of the frames repeat the one before": "{} 的帧与前一帧相同",
    "noise behind the voice (DNSMOS background {:.1f})": "声音背后有噪声（DNSMOS 背景 {}）",
    "voice is distorted (DNSMOS signal {:.1f})": "声音失真（DNSMOS 信号 {}）",
    "harsh or metallic voice (HNR {:.1f} dB)": "声音刺耳或有金属感（谐噪比 {} dB）",
    "sound is clipped in {:.1%} of the samples": "{} 的采样被削波",
    "mouth moves while nobody speaks ({:.2f} eye distances/s)": "无人说话时嘴在动（{} 倍眼距/秒）",
    "mouth is closed in {:.0%} of the frames with voice": "{} 的有声帧中嘴是闭着的",
    "mouth opens when the voice is quiet (correlation {:.2f})": "声音小时嘴反而张开（相关 {}）",
    "mouth is blurrier than the face ({:.2f}×)": "嘴部比面部模糊（{} 倍清晰度）",
    "face is blurred (log sharpness {:.2f})": "面部模糊（对数清晰度 {}）",
    "mouth lacks the fine detail of the face ({:.2f}×)": "嘴部缺少面部的细节（{} 倍）",
    "picture falls into squares (blocking {:.2f})": "画面出现方块（块效应 {}）",
    "skin without texture on {:.0%} of the face": "面部 {} 的皮肤没有纹理",
    "picture noise of {:.1f} grey levels": "画面噪声 {} 个灰度级",
    "brightness of the face flickers by {:.1f} grey levels": "面部亮度闪烁 {} 个灰度级",
    "face swims or trembles ({:.1f} grey levels from frame to frame)": "面部漂移或颤动（帧间 {} 个灰度级）",
    "colour of the mouth differs from the face by {:.0f} grey levels": "嘴部颜色与面部相差 {} 个灰度级",
    "head hardly moves for {:.1f} s": "头部 {} 秒几乎不动",
    "head hardly moves for {:.1f} s while the voice goes on": "声音持续时头部 {} 秒几乎不动",
    "eyes do not blink for {:.0f} s": "眼睛 {} 秒不眨",
    "only {:.0f} new pictures a second": "每秒只有 {} 帧新画面",
    "voice sounds synthetic or coded (DistillMOS {:.1f})": "声音像合成或压缩过的（DistillMOS {}）",
    "voice is covered or smeared (modulation {:.1f} dB)": "声音被掩盖或含混（调制 {} dB）",
    "dull sound: nothing above {:.1f} kHz": "声音发闷：{} kHz 以上没有内容",
    "teeth are a blur (log detail {:.2f})": "牙齿模糊成一片（对数细节 {}）",
    "face changes by {:.1f} grey levels a frame where nothing moves it": "面部在没有运动处每帧变化 {} 个灰度级",
    "{:.0%} of the face is black or burnt out": "面部 {} 全黑或过曝",
    "picture is unlike natural ones (NIQE {:.0f})": "画面不像自然图像（NIQE {}）",
    # What four recordings of five are better in.
    "mouth follows the syllables loosely (coherence {:.2f}; four recordings of five have more)": (
        "口型跟随音节不紧（相干 {}；五段录像中有四段更高）"
    ),
    "mouth and voice match loosely (confidence {:.2f}; four recordings of five have more)": (
        "口型与声音匹配较松（置信度 {}；五段录像中有四段更高）"
    ),
    "mouth moves little ({:.2f} eye distances/s; four recordings of five have more)": (
        "嘴部动作小（{} 倍眼距/秒；五段录像中有四段更高）"
    ),
    "upper face moves little ({:.3f} eye distances/s; four recordings of five have more)": (
        "上半脸动作小（{} 倍眼距/秒；五段录像中有四段更高）"
    ),
    "head moves little ({:.2f} eye distances/s; four recordings of five have more)": (
        "头部动作小（{} 倍眼距/秒；五段录像中有四段更高）"
    ),
    "gaze moves little ({:.3f} eye distances/s; four recordings of five have more)": (
        "目光很少移动（{} 倍眼距/秒；五段录像中有四段更高）"
    ),
    "face moves unevenly (jerkiness {:.2f}; four recordings of five have less)": (
        "面部动作不匀（抖动度 {}；五段录像中有四段更低）"
    ),
    "face is uneven (asymmetry {:.2f}; four recordings of five have less)": (
        "面部不太对称（不对称度 {}；五段录像中有四段更低）"
    ),
    "background disturbs (DNSMOS background {:.1f}; four recordings of five have more)": (
        "背景声有干扰（DNSMOS 背景 {}；五段录像中有四段更高）"
    ),
    "voice is not quite clear (DNSMOS signal {:.1f}; four recordings of five have more)": (
        "声音不够清晰（DNSMOS 信号 {}；五段录像中有四段更高）"
    ),
    "rough voice (HNR {:.1f} dB; four recordings of five have more)": "声音粗糙（谐噪比 {} dB；五段录像中有四段更高）",
    "voice sounds not quite natural (DistillMOS {:.1f}; four recordings of five have more)": (
        "声音不够自然（DistillMOS {}；五段录像中有四段更高）"
    ),
    "voice is not quite distinct (modulation {:.1f} dB; four recordings of five have more)": (
        "声音不够分明（调制 {} dB；五段录像中有四段更高）"
    ),
    "face and voice are lively at different times (correlation {:.2f}; four recordings of five have more)": (
        "面部与声音的活跃时刻不一致（相关 {}；五段录像中有四段更高）"
    ),
    "picture is not quite natural (NIQE {:.0f}; four recordings of five have less)": (
        "画面不够自然（NIQE {}；五段录像中有四段更低）"
    ),
    "picture is somewhat distorted (BRISQUE {:.0f}; four recordings of five have less)": (
        "画面有些失真（BRISQUE {}；五段录像中有四段更低）"
    ),
    "face changes where nothing moves it ({:.1f} grey levels a frame; four recordings of five have less)": (
        "面部在没有运动处有变化（每帧 {} 个灰度级；五段录像中有四段更低）"
    ),
    "picture noise ({:.1f} grey levels; four recordings of five have less)": (
        "画面噪声（{} 个灰度级；五段录像中有四段更低）"
    ),
    "skin without texture ({:.0%} of the face; four recordings of five have less)": (
        "皮肤没有纹理（占面部 {}；五段录像中有四段更低）"
    ),
    "mouth lacks the fine detail of the face ({:.2f}×; four recordings of five have more)": (
        "嘴部缺少面部的细节（{} 倍；五段录像中有四段更高）"
    ),
    "teeth show little detail (log detail {:.2f}; four recordings of five have more)": (
        "牙齿细节少（对数细节 {}；五段录像中有四段更高）"
    ),
    "colour of the mouth differs from the face ({:.0f} grey levels; four recordings of five have less)": (
        "嘴部颜色与面部不同（{} 个灰度级；五段录像中有四段更低）"
    ),
}

_TABLE = {
    "dimension": "项目",
    "score": "分数",
    "1 bad … 5 excellent": "1 劣 … 5 优",
    "90 %": "90 %",
    "why": "原因",
    "Offset": "偏移",
    "Weak": "薄弱处",
    "nowhere": "无",
    "1 segment": "1 处",
    "{count} segments": "{count} 处",
    "… and {count} more (see --format json)": "……另有 {count} 处（见 --format json）",
    "Look": "查看",
    "frame {frame} at {time} s": "第 {frame} 帧，{time} 秒",
    "{frame}, box {box}": "{frame}，方框 {box}",
    "What moved the scores: points gained (+) or lost (−) by a group of measurements, and by a moment": (
        "分数的来由：一组测量值或一个时刻使分数提高 (+) 或降低 (−) 多少分"
    ),
    "measurements, points": "测量组，分",
    "moment, points": "时刻，分",
    "none alone": "没有单独起作用的",
    "lowered by": "拉低者：",
    "1 face": "1 张人脸",
    "{count} faces": "{count} 张人脸",
    "speech {share}": "语音 {share}",
    "file": "文件",
    "offset": "偏移",
    "weak": "薄弱",
    "weakest": "最弱项",
    "mean": "平均",
    "{count} files, {judged} judged in full, {weak} with weak segments; worst first": (
        "{count} 个文件，{judged} 个完整评分，{weak} 个有薄弱处；最差的在前"
    ),
    "Gates": "门禁",
    "every gate passed": "全部通过",
}

MESSAGES = {**_SCALE, **_STATUS, **_REASONS, **_TABLE}
