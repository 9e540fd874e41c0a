"""Chinese for the help of every command. Keys are the English texts, a paragraph each, as msgids are in gettext."""

from __future__ import annotations

from tfq.config import DIMENSIONS

_WORDS = {
    "Usage: ": "用法：",
    "Arguments": "参数",
    "Options": "选项",
    "Commands": "命令",
    "default: ": "默认：",
    "env var: ": "环境变量：",
    "required": "必填",
    "all": "全部",
    "none": "无",
    "all processors": "所有处理器",
    "this machine": "本机",
    "as the locale": "随系统语言",
    "the start": "开头",
    "the end": "结尾",
    "that of the file": "文件名",
    "status 4": "退出码 4",
    "the one who speaks": "正在说话的人",
    "the one that comes with tfq": "随 tfq 提供的检查点",
    "TFQ_LANG, or the locale": "TFQ_LANG 或系统语言",
    "tfq.toml or pyproject.toml here or above": "当前或上级目录的 tfq.toml 或 pyproject.toml",
    "Show this message and exit.": "显示本帮助并退出。",
    "Install completion for the current shell.": "为当前 shell 安装补全。",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "显示当前 shell 的补全脚本，便于复制或自行安装。"
    ),
}

_ROOT = {
    "Judge talking-face videos the way a viewer would, one dimension at a time, and say where and why they are weak.": (
        "像观众一样逐项评价说话人脸视频，并指出哪里薄弱、为什么薄弱。"
    ),
    "Every command reads and writes one .h5 file a video, and runs the stages before it where they have not run:": (
        "每个命令为每个视频读写一个 .h5 文件；前面的阶段尚未运行时会先运行它们："
    ),
    "Read options from FILE; /dev/null: from none.": "从 FILE 读取选项；/dev/null 表示不读取。",
    "Language of help, tables and pages.": "帮助、表格和网页的语言。",
    "Show the version and exit.": "显示版本并退出。",
    "With --version: show all that a bug report needs.": "与 --version 一起：显示错误报告所需的全部信息。",
}

_SHARED = {
    "Runs the stages before it where they have not run.": "前面的阶段尚未运行时会先运行它们。",
    "Videos or .h5 files; - or a pipe: names from standard input, one a line.": (
        "视频或 .h5 文件；用 - 或管道时从标准输入读取文件名，每行一个。"
    ),
    "Read the names from LIST, one a line.": "从 LIST 读取文件名，每行一个。",
    "Names that are read end with NUL, as from `find -print0`.": "读入的文件名以 NUL 结尾，如 `find -print0` 的输出。",
    "Look for weights in DIR first.": "先在 DIR 中寻找权重。",
    "Never fetch weights from the network.": "绝不从网络下载权重。",
    "Threads for all jobs together.": "所有任务合用的线程数。",
    "Refuse videos whose pictures have more pixels.": "拒绝画面像素数更多的视频。",
    "Refuse videos with more streams.": "拒绝流数更多的视频。",
    "Refuse videos that need more memory to decode.": "拒绝解码需要更多内存的视频。",
    "Refuse videos of which one packet takes longer to decode.": "拒绝单个数据包解码时间更长的视频。",
    "No progress and no notes, only errors.": "不显示进度和提示，只显示错误。",
    "Tell each step; twice: everything.": "说明每一步；给两次则说明一切。",
    "Write everything that was told to FILE as well.": "把所有消息同时写入 FILE。",
    "Name of the .h5 file made of one video.": "由单个视频生成的 .h5 文件的名称。",
    "Name of the page of one video, or of all results.": "单个视频的网页或全部结果的网页的名称。",
    "Put the pages there, not beside the videos.": "网页放到此文件夹，而不是视频旁边。",
    "Put the .h5 files made of videos there, not beside the videos; s3://, gs://, hf:// and others work.": (
        "把生成的 .h5 文件放在那里，而不是视频旁边；也可以是 s3://、gs://、hf:// 等地址。"
    ),
    "Files worked on at once.": "同时处理的文件数。",
    "Spread the files over a Ray cluster.": "把文件分给一个 Ray 集群处理。",
    "Processors, and threads, of each worker of Ray.": "Ray 的每个工作进程占用的处理器数和线程数。",
    "Share of a GPU for each worker of Ray that runs networks.": "Ray 中运行网络的每个工作进程占用的 GPU 份额。",
    "How often a file is tried again that lost its worker.": "工作进程中断后，文件最多重试的次数。",
    "Work on every N-th name from the I-th on: 1/8 to 8/8.": "从第 I 个起每 N 个文件名处理一个：1/8 至 8/8。",
    "Names keep arriving: one that comes again is worked on again.": "文件名持续到来；再次出现的会再处理一次。",
    "Run this stage again even where it is up to date.": "即使结果是最新的也重新运行本阶段。",
    "Wait for a file that another process holds.": "文件被其他进程占用时等待。",
    "End each printed path with NUL, for `--null` and `xargs -0`.": "每个输出路径以 NUL 结尾，供 `--null` 和 `xargs -0` 使用。",
    "Keep the .h5 file made of a video, beside it.": "把由视频生成的 .h5 文件保留在视频旁边。",
}

_EXTRACT_TO_AUDIO = {
    "Lay picture and sound of a video on one clock: 25 frames a second, 16 kHz mono.": (
        "把视频的画面和声音放到同一时钟上：每秒 25 帧，16 kHz 单声道。"
    ),
    "Any input rate, variable rates, rotation and odd start times are taken as they are; broken and black frames are "
    "marked, not removed. Prints each .h5 file it finishes, so commands chain:": (
        "接受任意帧率、可变帧率、旋转和不规则的起始时间；损坏帧和黑帧只作标记，不会删除。"
        "每完成一个 .h5 文件就输出其路径，因此命令可以串联："
    ),
    "Keep the video's bytes inside the .h5 file, or its path and hash.": "在 .h5 文件中保存视频内容，或只保存其路径和哈希。",
    "Keep no byte of the video: the same as --source link.": "不保存视频内容，等同于 --source link。",
    "Mean luma under which a flat picture counts as black.": "平坦画面的平均亮度低于此值时视为黑帧。",
    "Refuse longer videos.": "拒绝更长的视频。",
    "Find faces, follow them, and choose the one who speaks.": "检测并跟踪人脸，选出正在说话的人。",
    "Runs `tfq extract` first where it has not run. Several people may be in the picture; a scene cut ends every track:": (
        "`tfq extract` 尚未运行时会先运行它。画面中可以有多个人；镜头切换时所有轨迹结束："
    ),
    "scrfd finds more; its weights are for research only. blazeface is Apache-licensed.": (
        "scrfd 检出更多，但权重仅限研究使用；blazeface 采用 Apache 许可。"
    ),
    "Side of the detector's input, in pixels.": "检测器输入的边长（像素）。",
    "Side to try again with where nothing is found.": "未检出时重试所用的边长。",
    "Detect on every N-th frame and follow in between.": "每 N 帧检测一次，其间只作跟踪。",
    "Least score of a face.": "人脸的最低得分。",
    "Least overlap (IoU) that joins a box to a track.": "检测框并入轨迹所需的最小重叠（IoU）。",
    "Frames that a track may miss before it ends.": "轨迹结束前允许缺失的帧数。",
    "Change of the colour histogram that counts as a scene cut.": "颜色直方图变化达到此值时视为镜头切换。",
    "Judge this track of `tfq show`.": "评价 `tfq show` 中的这条轨迹。",
    "Find 478 landmarks and 52 blendshapes, and lay every face on one template.": (
        "求 478 个关键点和 52 个表情系数，并把每张人脸对齐到同一模板。"
    ),
    "Runs the stages before it where they have not run. Crops and the transforms that made them are stored:": (
        "前面的阶段尚未运行时会先运行它们。保存人脸裁剪图及其变换："
    ),
    "Side of the face crops, in pixels.": "人脸裁剪图的边长（像素）。",
    "Side of larger crops to keep as well; 0: none.": "另外保存的大裁剪图的边长；0 表示不保存。",
    "Space around eyes, nose and mouth, as a fraction of the side.": "眼、鼻、口周围的留白，以边长的比例计。",
    "Room around the face box in which landmarks are sought, in box sides.": "在人脸框外寻找关键点的范围，以框边长计。",
    "Find where there is speech, and how loud the sound is.": "找出哪里有语音，以及声音有多响。",
    "Runs `tfq extract` first where it has not run. Loudness is that of EBU R 128, before normalisation:": (
        "`tfq extract` 尚未运行时会先运行它。响度按 EBU R 128 在归一化之前测量："
    ),
    "How strictly sound is taken for speech; 3 is the strictest.": "语音判定的严格程度；3 最严格。",
    "Shorter pauses do not divide speech.": "更短的停顿不会分割语音。",
    "Shorter pieces are not taken for speech.": "更短的片段不视为语音。",
    "Level of the loudest sample after normalisation.": "归一化后最响采样的电平。",
}

_SYNC_AND_FEATURES = {
    "Measure by how much sound and lips are apart, over the clip and along it.": (
        "测量声音与口型相差多少：整个片段，以及沿时间的变化。"
    ),
    "Runs the stages before it where they have not run. The offset is positive where the sound is early; one frame is "
    "40 ms:": "前面的阶段尚未运行时会先运行它们。声音偏早时偏移为正；一帧为 40 毫秒：",
    "Try offsets up to this many frames either way.": "向前后各尝试这么多帧的偏移。",
    "Frames that one point of the curve is pooled from.": "曲线上每个点所汇总的帧数。",
    "With fewer frames of speech and face, say that the clip is too short.": "有语音和人脸的帧少于此数时，判定片段太短。",
    "A sync network of your own, as `tfq train --network sync` writes it.": "自己的同步网络，由 `tfq train --network sync` 写出。",
    "What the network hears through: whisper, hubert, chinese-hubert, or HuBERT's folder.": (
        "网络所用的语音编码器：whisper、hubert、chinese-hubert，或 HuBERT 所在的目录。"
    ),
    "Measure with the original network and formulas: syncnet.": "用原始网络和公式测量：syncnet。",
    "Compute the measurements that scores are made from, one named group each.": "计算评分所依据的各项测量，每项一个命名组。",
    "Runs the stages before it where they have not run. `tfq show` lists the groups a file holds:": (
        "前面的阶段尚未运行时会先运行它们。`tfq show` 列出文件中的组："
    ),
    "Compute these groups alone.": "只计算这些组。",
    "Leave these groups out.": "不计算这些组。",
    "Take action units from what OpenFace wrote: a table, a folder of them by clip, or none.": (
        "采用 OpenFace 写出的动作单元：一个表、按片段命名的表所在的目录，或 none。"
    ),
    "OpenFace's own program where it is on the path": "若 OpenFace 的程序在 PATH 中则用它",
    "From one window of DNSMOS to the next; 1: its authors'.": "DNSMOS 相邻窗口的间隔；1 为原作者所用。",
    "Of deep networks. What it costs in likeness to fp32 is noted in each group.": (
        "深度网络的数值精度。与 fp32 的相似程度记在各组之中。"
    ),
    "Calibrate int8 on the crops and the sound of these aligned files.": "用这些已对齐文件的人脸和声音校准 int8。",
    "the demo clip": "自带的示例视频",
    "List the groups and their columns; work on no file.": "列出各组及其列；不处理文件。",
}

_INDEX = {
    "Gather many .h5 files and their ratings into one data set, split by speaker.": (
        "把许多 .h5 文件及其评分汇集成一个数据集，按说话人划分。"
    ),
    "The files must have been through `tfq features`. Files that have not changed since an index of this name was "
    "written are not read again, and stay in their part. Prints the path of the index:": (
        "文件须先经过 `tfq features`。自同名索引写出后未改变的文件不再读取，并留在原来的部分。输出索引的路径："
    ),
    "The index to write: .jsonl, .csv or .parquet.": "要写出的索引：.jsonl、.csv 或 .parquet。",
    "Labels: a column `file`, and any of the dimensions, speaker, group, kind, method, language.": (
        "标签：一列 `file`，以及任意项目、speaker、group、kind、method、language。"
    ),
    "Ratings, a row each: rater, file, dimension, score; of marks start_s, end_s, frame, box, text.": (
        "评分，每行一条：rater、file、dimension、score；标记另有 start_s、end_s、frame、box、text。"
    ),
    "Clips known to be better or worse than others: group, file, and numbers in any of the dimensions.": (
        "已知优劣顺序的片段：group、file，以及任意项目的数值。"
    ),
    "The named folder is a published set: emotiontalk, thqa-ntire, or as a TOML file says.": (
        "所给目录是公开数据集：emotiontalk、thqa-ntire，或由 TOML 文件描述。"
    ),
    "Validate the named index, its files and their values; write nothing.": "检查所给索引、其文件和数值；不写任何内容。",
    "Part of the clips kept for validation.": "留作验证的片段比例。",
    "Part of the clips kept for the final test.": "留作最终测试的片段比例。",
    "Another seed, another split.": "随机种子，决定划分。",
    "Leave out clips with a face in less of their frames.": "有人脸的帧的比例低于此值的片段不收入。",
    "Leave out shorter clips.": "更短的片段不收入。",
    "Leave out clips with more faces in half of their frames.": "半数帧中人脸更多的片段不收入。",
    "Leave out unlabelled recordings with less sync confidence.": "同步置信度更低的无标签录像不收入。",
    "Files read at once.": "同时读取的文件数。",
    "Read the files on a Ray cluster.": "在 Ray 集群上读取文件。",
}

_TRAIN = {
    "Train the network that scores, calibrate it, and measure it on speakers it has not seen.": (
        "训练评分网络，加以校准，并在未见过的说话人上测量。"
    ),
    "Writes the checkpoint with its figures inside and a log (.csv) beside it; prints the checkpoint's path. After a "
    "kill the same command goes on where it was. Launched by torchrun, or by accelerate on GPUs, processes share the "
    "work:": (
        "写出带有各项指标的检查点，旁边附有日志（.csv），并输出检查点的路径。被中断后，同一命令会从中断处继续。由 torchrun 或"
        "（在 GPU 上）accelerate 启动时，各进程分担工作："
    ),
    "The data set that `tfq index` wrote.": "由 `tfq index` 写出的数据集。",
    "The checkpoint to write (.safetensors).": "要写出的检查点（.safetensors）。",
    "Which to train; sync takes its own defaults, --speech and --seed.": (
        "训练哪个网络；sync 使用自己的默认值、--speech 和 --seed。"
    ),
    "The model's name in results.": "结果中的模型名称。",
    "Which side asks the other in the decoder.": "解码器中由哪一方查询另一方。",
    "How moments become one score.": "各时刻如何汇总为一个分数。",
    "own: expression and visual quality see the picture alone, audio quality the sound alone.": (
        "own：表情和画面质量只看画面，音质只听声音。"
    ),
    "How the decoder knows where in the clip it is.": "解码器如何得知在片段中的位置。",
    "The clip as a whole: ranks of its statistics, or mean and spread.": "片段整体：统计量的名次，或均值与离散度。",
    "Let an additive model of the clip's ranks, learned from pairs, have a share.": (
        "让由成对比较学得的可加模型（片段统计量的名次）参与评分。"
    ),
    "Overall is made of the other dimensions and moved, or is free.": "总体分由其他各项合成后再作修正，或完全独立预测。",
    "Learn how far off each score may be; intervals follow it.": "学习每个分数可能的偏差，区间随之变化。",
    "Judge these alone.": "只评价这些项目。",
    "Judge by these alone: picture, sound, cross (what compares the two), or features by name.": (
        "只依据这些评价：picture、sound、cross（两者的比较），或按名称给出特征。"
    ),
    "Width of the decoder.": "解码器的宽度。",
    "Layers of the decoder.": "解码器的层数。",
    "Attention heads of each layer.": "每层的注意力头数。",
    "Part of the units left out in training.": "训练时丢弃的单元比例。",
    "Passes over the data at most.": "数据最多遍历的次数。",
    "Stop when nothing improves for so long.": "这么久没有改进时停止。",
    "Clips a step.": "每步的片段数。",
    "Steps whose gradients are added up.": "梯度累加的步数。",
    "Highest step size of AdamW.": "AdamW 的最大步长。",
    "Weight decay of AdamW.": "AdamW 的权重衰减。",
    "Weigh one objective; may be given again.": "设定一个目标的权重；可多次给出。",
    "How much each dimension counts.": "各项目所占的分量。",
    "Decay of the moving average of the weights; 0: the last ones.": "权重滑动平均的衰减；0 表示用最后的权重。",
    "Mixed precision.": "混合精度。",
    "What a sync network hears through: whisper, hubert, chinese-hubert, or HuBERT's folder.": (
        "同步网络所用的语音编码器：whisper、hubert、chinese-hubert，或 HuBERT 所在的目录。"
    ),
    "Processes that read clips ahead; 0: hold all of them in memory.": "预读片段的进程数；0 表示全部放在内存中。",
    "Clips whose sound is moved on the fly.": "训练时即时移动声音的片段比例。",
    "Another seed, another start.": "随机种子，决定起点。",
    "Cross-validate instead: K networks, each measured on people it has not seen; FILE is then JSON.": (
        "改作交叉验证：K 个网络，各在未见过的人上测量；此时 FILE 为 JSON。"
    ),
    "Start anew where a killed training could go on.": "即使可以继续被中断的训练，也重新开始。",
    "Threads to train with.": "训练所用的线程数。",
}

_SCORE = {
    "Score talking-face videos, 1 (bad) to 5 (excellent), and say where they are weak.": (
        "给说话人脸视频打分，1（劣）至 5（优），并指出薄弱之处。"
    ),
    "Also tell which measurements and moments moved each score, by judging the clip without them.": (
        "同时说明哪些测量组和时刻影响了各项分数（去掉它们后重新评分）。"
    ),
    "Runs every stage that has not run. A video leaves nothing behind unless --keep, -o or --out-dir asks; a matching "
    ".h5 file beside it saves the work. Formats edl and chapters carry the weak segments to editors and players. In a "
    "step of GitHub Actions the Markdown of the results is appended to the step's summary. With limits it is a gate for "
    "scripts, status 1 where a clip fails:": (
        "运行所有尚未运行的阶段。除非给出 --keep、-o 或 --out-dir，否则不留下任何文件；旁边有对应的 .h5 文件时可省去重复计算。"
        "格式 edl 和 chapters 把薄弱处带给剪辑软件和播放器。在 GitHub Actions 的步骤中，结果以 Markdown 追加到该步骤的摘要。"
        "设定限值后即成为脚本的门禁，片段未通过时退出码为 1："
    ),
    "How results are printed; jsonl prints each file at once.": "结果的输出格式；jsonl 每完成一个文件即输出。",
    f"Fail under a score of {', '.join(DIMENSIONS)}.": f"低于所给分数时不通过，项目为 {', '.join(DIMENSIONS)}。",
    "Fail where sound and lips are further apart.": "声音与口型相差更多时不通过。",
    "Fail where more of the clip is weak.": "薄弱处总时长更长时不通过。",
    "Compare with FILE, earlier results as jsonl or json, clip by clip.": "逐片段与 FILE 比较，即以前的 jsonl 或 json 结果。",
    "Fail where a score fell by more since the baseline.": "分数比基线下降更多时不通过。",
    "What a clip that cannot be judged counts as: status 0 or 1.": "无法评价的片段如何计：退出码 0 或 1。",
    "Judge with a checkpoint of `tfq train`.": "用 `tfq train` 的检查点评分。",
    "Moments under this score are weak.": "低于此分数的时刻视为薄弱。",
    "Shorter weak moments are not told.": "更短的薄弱处不报告。",
    "Language of the table, of md, and of reasons in edl and chapters.": "表格、md 以及 edl 和 chapters 中原因的语言。",
    "Print the JSON Schema of a result and exit.": "输出结果的 JSON Schema 并退出。",
    "Score the clip that comes with tfq.": "给随 tfq 提供的片段打分。",
}

_REPORT = {
    "Also show which measurements and moments moved each score.": "同时显示哪些测量组和时刻影响了各项分数。",
    "Write a page (HTML, one file, no network) that shows the scores of a clip and where it is weak.": (
        "写出一个网页（HTML，单个文件，无需网络），显示片段的分数和薄弱之处。"
    ),
    "Scores the clip first where `tfq score` has not. The page lies beside the clip, or where -o or --out-dir puts it; "
    "its path is printed. Other pages are of many clips, of two sets of results on the same clips or sounds, and for "
    "raters, whose answers `tfq index --ratings` reads. --evaluate prints what models are worth, as Markdown, or writes it "
    "as JSON or a page, as the file of -o ends:": (
        "尚未评分的片段会先评分。网页放在片段旁边，或由 -o、--out-dir 指定，并输出其路径。另有多片段的网页、同一批片段或声音的"
        "两组结果的比较页，以及供评分者使用的网页，其回答由 `tfq index --ratings` 读取。"
        "--evaluate 以 Markdown 输出模型的优劣，或按 -o 的扩展名写成 JSON 或网页："
    ),
    "Language of the pages.": "网页的语言。",
    "Let the page open at this moment.": "网页打开时停在这一时刻。",
    "Open each page in the browser.": "在浏览器中打开每个网页。",
    "Also draw every plot of the pages into DIR, as PNG and SVG.": "另把网页中的每张图以 PNG 和 SVG 画入 DIR。",
    "Also write one page of all clips: a table to sort and filter, groups, worst clips.": (
        "另写一个包含所有片段的网页：可排序和筛选的表格、分组、最差的片段。"
    ),
    "For --summary and --evaluate: `file`, `method` (the generator), and MOS in any of the dimensions.": (
        "用于 --summary 和 --evaluate：`file`、`method`（生成器），以及任意项目的 MOS。"
    ),
    "For --summary and --evaluate: ratings as a rating page exports them.": "用于 --summary 和 --evaluate：评分网页导出的评分。",
    "The files named are results as jsonl, a model each: measure them against labels.": (
        "所给的文件是 jsonl 结果，每个模型一个：与标签对照衡量。"
    ),
    "For --evaluate: the index that knows labels, speakers and weak moments.": (
        "用于 --evaluate：含有标签、说话人和薄弱时刻的索引。"
    ),
    "For --evaluate: the part of the index to measure on.": "用于 --evaluate：用索引的哪一部分来衡量。",
    "The two files named are results as jsonl: compare them, clip by clip.": "所给的两个文件是 jsonl 结果：逐片段比较。",
    "Write one page on which people rate the clips, into the file of -o.": "写出一个供人给片段打分的网页，放入 -o 的文件。",
    "For --rate: the first N clips are for practice.": "用于 --rate：前 N 个片段供练习。",
}

_OTHERS = {
    "Show what is in a .h5 file: groups, what made them, and the shape of every dataset.": (
        "显示 .h5 文件的内容：各组、其来历，以及每个数据集的形状。"
    ),
    "Reads only, unless --strip takes the pictures out, and needs no weights:": (
        "只读取文件（--strip 会取出其中的画面），不需要权重："
    ),
    "How it is printed; json: one line a file.": "输出格式；json 每个文件一行。",
    "Take all pictures out of the file, keep the numbers; prints its path.": "删去文件中的所有画面，保留数值；输出其路径。",
    "Make a copy of a clip that is worse in a known way.": "制作一个以已知方式变差的副本。",
    "For training, for testing a score, and for hearing and seeing what a score means. What was done is written beside "
    "it as JSON. Prints the path of each copy:": (
        "用于训练、检验评分，以及听看分数的含义。所做的改动以 JSON 写在旁边。输出每个副本的路径："
    ),
    "The kind may stand before the clips instead of behind --kind.": "种类也可以写在片段之前，而不用 --kind。",
    "What is done to it; see --list.": "做何种改动；见 --list。",
    "How badly; 5 is the worst.": "严重程度；5 最差。",
    "Leave what is before alone.": "此前的部分不变。",
    "Leave what is after alone.": "此后的部分不变。",
    "Another seed, another noise.": "随机种子，决定噪声。",
    "Other speech, for kinds that need it.": "另一段语音，供需要它的种类使用。",
    "Of Wav2Lip's generator, for that kind.": "Wav2Lip 生成器的权重，供该种类使用。",
    "wav2lip: the mouth so much later than the sound; negative: earlier.": "wav2lip：口型比声音晚多少；负数表示更早。",
    "wav2lip: share of the sound that the mouth gets wrong.": "wav2lip：口型出错的声音比例。",
    "The clip to write, of one video.": "由单个视频写出的片段。",
    "Put the clips into DIR, not beside the videos.": "把片段放入 DIR，而不是视频旁边。",
    "List the kinds, tab-separated, and stop.": "列出各种类（以制表符分隔）后结束。",
    "Show which options are set for every command, and by what.": "显示每个命令设定了哪些选项，以及由何处设定。",
    "A flag goes before the environment, that before a file, that before defaults. The file is tfq.toml, or [tool.tfq] "
    "of pyproject.toml, in this folder or above it up to the root of its repository; --config and TFQ_CONFIG name "
    "another. The variable of `tfq score --max-drop` is TFQ_SCORE_MAX_DROP. What is printed is TOML again:": (
        "优先顺序为命令行、环境变量、文件、默认值。文件是 tfq.toml，或 pyproject.toml 的 [tool.tfq]，位于当前目录或直到仓库根"
        "目录的上级目录；--config 和 TFQ_CONFIG 可另行指定。`tfq score --max-drop` 的变量是 TFQ_SCORE_MAX_DROP。输出仍是 TOML："
    ),
    "Only what is set for COMMAND.": "只显示 COMMAND 的设定。",
    "Show defaults as well.": "同时显示默认值。",
}

_MODELS = {
    "List, fetch and check the weights that tfq uses.": "列出、下载和检查 tfq 使用的权重。",
    "List the models: which are on this machine, how large they are, whose terms they carry.": (
        "列出模型：哪些在本机上、有多大、适用谁的条款。"
    ),
    "A table on a terminal, tab-separated values with a header line elsewhere:": (
        "在终端上为表格，其他情况下为带标题行的制表符分隔值："
    ),
    "Show licences and where each file comes from.": "显示许可及每个文件的来源。",
    "Fetch models into the cache, so that tfq can work without a network; print their files.": (
        "把模型下载到缓存，使 tfq 无需网络即可工作；输出其文件。"
    ),
    "Without names: those that `tfq score` needs. A wrong file in the cache is replaced.": (
        "不给名称时为 `tfq score` 所需的模型。缓存中错误的文件会被替换。"
    ),
    "Models.": "模型。",
    "Fetch every model that can be fetched.": "下载所有可以下载的模型。",
    "Read model files and compare their SHA-256 with the expected one; status 6 if one is wrong or missing.": (
        "读取模型文件并核对其 SHA-256；有错误或缺失时退出码为 6。"
    ),
    "Without names: every model on this machine, where missing ones do not count.": "不给名称时为本机上的所有模型，缺失的不计。",
    "Print where model files lie; status 6 if one is missing.": "输出模型文件的位置；有缺失时退出码为 6。",
    "Without names: the folder of the cache.": "不给名称时为缓存目录。",
}

MESSAGES = {
    **_WORDS,
    **_ROOT,
    **_SHARED,
    **_EXTRACT_TO_AUDIO,
    **_SYNC_AND_FEATURES,
    **_INDEX,
    **_TRAIN,
    **_SCORE,
    **_REPORT,
    **_OTHERS,
    **_MODELS,
}
