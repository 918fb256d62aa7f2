# SPDX-License-Identifier: Apache-2.0
"""What the tutorial's job makes, parsed from the objects themselves."""
import functools
import itertools

import adts
import h264
import m3u8
import mp4
import ts

# name modifier: width, height, MaxBitrate
LADDER = {
    "_360": (640, 360, 1_200_000),
    "_540": (960, 540, 3_500_000),
    "_720": (1280, 720, 5_000_000),
}
PAT_PID, PMT_PID, VIDEO_PID = 0, 480, 481


class Outputs:
    def __init__(self, run, asset):
        self.run, self.asset, self.folder = run, asset, run.storage / "out/bbb/Default"
        self.hls, self.mp4 = self.folder / "HLS", self.folder / "MP4" / f"{asset}.mp4"
        self.master = (self.hls / f"{asset}.m3u8").read_text()

    @functools.cached_property
    def videos(self):
        return {modifier: Video(self.hls, self.asset + modifier) for modifier in LADDER}

    @functools.cached_property
    def audio(self):
        return Audio(self.hls, f"{self.asset}_audio")

    @functools.cached_property
    def movie(self):
        return Movie(self.mp4)

    @property
    def thumbnails(self):
        return sorted((self.folder / "Thumbnails").iterdir())


class Rendition:
    def __init__(self, folder, name):
        self.playlist = folder / f"{name}.m3u8"
        self.text = self.playlist.read_text()
        self.extinf, self.names = zip(*m3u8.segments(self.text))
        self.segments = [(folder / name).read_bytes() for name in self.names]
        self.sizes = list(map(len, self.segments))


class Video(Rendition):
    """For each segment its packets, and its PES packets, a picture each, in decoding order."""

    def __init__(self, folder, name):
        super().__init__(folder, name)
        self.packets = list(map(ts.packets, self.segments))
        self.pes = [ts.pes(packets, VIDEO_PID) for packets in self.packets]
        self.nals = [[h264.annex_b(p.data) for p in segment] for segment in self.pes]
        self.pictures = [list(map(h264.picture, segment)) for segment in self.nals]
        self.sps = [h264.sps(nal) for nal in self.of_kind(h264.SPS)]
        self.pps = [h264.pps(nal) for nal in self.of_kind(h264.PPS)]
        self.times = sorted(p.pts for segment in self.pes for p in segment)

    def of_kind(self, kind):
        access_units = itertools.chain(*self.nals)
        return [nal for nals in access_units for nal in nals if h264.kind(nal) == kind]

    def displayed(self):
        """The pictures in the order of their time."""
        pairs = zip(itertools.chain(*self.pes), itertools.chain(*self.pictures))
        return [picture for _, picture in sorted(pairs, key=lambda pair: pair[0].pts)]

    def codec(self):
        """As CODECS has it."""
        return "avc1.%02x%02x%02x" % self.sps[0][:3]


class Audio(Rendition):
    def __init__(self, folder, name):
        super().__init__(folder, name)
        self.aac = list(map(adts.segment, self.segments))
        self.seconds = [segment.frames * adts.SAMPLES / segment.rate for segment in self.aac]


class Movie:
    def __init__(self, path):
        self.data = path.read_bytes()
        self.file = mp4.read(self.data)
        self.tracks = mp4.tracks(self.file)
        self.video = self.tracks[b"vide"]
        self.samples = mp4.samples(self.video)
        self.timescale = mp4.timescale(self.video)
        entry = self.video.one(b"mdia", b"minf", b"stbl", b"stsd").body
        config = entry[entry.index(b"avcC") + 4 :]
        size = int.from_bytes(config[6:8], "big")
        self.sps, self.pps = h264.sps(config[8 : 8 + size]), h264.pps(config[11 + size :])
        self.pictures = [
            h264.picture(h264.avcc(self.data[s.offset : s.offset + s.size])) for s in self.samples
        ]

    def displayed(self):
        pairs = sorted(zip(self.samples, self.pictures), key=lambda pair: pair[0].cts)
        return [picture for _, picture in pairs]
