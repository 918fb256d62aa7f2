/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of job_rules.c: audio tracks and captions. */
static const struct row tracks_rows[] = {
    {"audio_codec_settings",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"AC3\"}"},
      SOUND "/codecSettings: ac3Settings is a required property"}},
    {"audio_in_container",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"VORBIS\",\"vorbisSettings\":{}}"},
      SOUND "/codecSettings/codec: VORBIS is not for MP4, which takes AAC, MP2, MP3, AC3, AC4, "
            "EAC3, EAC3_ATMOS, OPUS or FLAC"}},
    {"audio_in_container",
     {mp4_job,
      {OUTPUT "/containerSettings/container=WEBM", CODEC "={\"codec\":\"VP9\",\"vp9Settings\":{}}"},
      SOUND "/codecSettings/codec: AAC is not for WEBM, which takes VORBIS or OPUS"}},
    {"audio_in_container",
     {mp4_job, {SOUND "/codecSettings={\"codec\":\"EAC3\",\"eac3Settings\":{}}"}, ""}},
    {"audio_source",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector 1/defaultSelection=NOT_DEFAULT",
       "/inputs/0/audioSelectorGroups={\"G\":{\"audioSelectorNames\":[\"Audio Selector 1\"]}}",
       SOUND "/audioSourceName=G"},
      ""}},
    {"remix",
     {mp4_job,
      {SOUND "/remixSettings={\"audioDescriptionAudioChannel\":1}"},
      SOUND "/remixSettings: audioDescriptionDataChannel is a required property"}},
    {"remix",
     {mp4_job,
      {SOUND "/remixSettings={\"audioDescriptionDataChannel\":1}"},
      SOUND "/remixSettings: audioDescriptionAudioChannel is a required property"}},
    {"remix",
     {mp4_job,
      {SOUND "/remixSettings={\"channelsOut\":2,\"channelsIn\":2,\"channelMapping\":{"
             "\"outputChannels\":[{\"inputChannels\":[0],\"inputChannelsFineTune\":[0.5]}]}}"},
      SOUND
      "/remixSettings/channelMapping/outputChannels: Should have 2 items, the channelsOut\n" SOUND
      "/remixSettings/channelMapping/outputChannels/0/inputChannels: Excludes "
      "inputChannelsFineTune"}},
    {"remix",
     {mp4_job,
      {SOUND "/remixSettings={\"channelsOut\":2,\"channelsIn\":2,\"channelMapping\":{"
             "\"outputChannels\":[{\"inputChannels\":[0]},{}]}}"},
      SOUND
      "/remixSettings/channelMapping/outputChannels/0/inputChannels: Should have 2 items, the "
      "channelsIn\n" SOUND
      "/remixSettings/channelMapping/outputChannels/1: inputChannels is a required property"}},
    {"remix",
     {mp4_job,
      {SOUND
       "/remixSettings={\"channelsOut\":2,\"channelsIn\":2,\"channelMapping\":{\"outputChannels\":["
       "{\"inputChannels\":[0,0]},{\"inputChannelsFineTune\":[0.5,0.5]}]}}"},
      ""}},
    {"channel_tags",
     {mp4_job,
      {SOUND "/audioChannelTaggingSettings={}"},
      SOUND
      "/audioChannelTaggingSettings: Needs the container MOV and the codec AAC, AIFF or WAV"}},
    {"channel_tags",
     {mp4_job,
      {SOUND "/audioChannelTaggingSettings={}", OUTPUT "/containerSettings/container=MOV"},
      ""}},
    {"channels",
     {mp4_job,
      {OUTPUT "/containerSettings/container=MOV",
       SOUND "/codecSettings={\"codec\":\"WAV\",\"wavSettings\":{\"channels\":3}}"},
      SOUND "/codecSettings/wavSettings/channels: Should be 0, 1 or an even number"}},
    {"channels",
     {mp4_job,
      {OUTPUT "/containerSettings/container=MOV",
       SOUND "/codecSettings={\"codec\":\"AIFF\",\"aiffSettings\":{\"channels\":5}}"},
      SOUND "/codecSettings/aiffSettings/channels: Should be 0, 1 or an even number"}},
    {"channels",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"FLAC\",\"flacSettings\":{\"channels\":7}}"},
      SOUND "/codecSettings/flacSettings/channels: Should be 0, 1 or an even number"}},
    {"channels",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"FLAC\",\"flacSettings\":{\"channels\":1}}"},
      ""}},
    {"dolby_bitrate",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"AC3\",\"ac3Settings\":{\"bitrate\":100000}}"},
      SOUND "/codecSettings/ac3Settings/bitrate: Should be a multiple of 8000"}},
    {"dolby_bitrate",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"EAC3\",\"eac3Settings\":{\"bitrate\":100001}}"},
      SOUND "/codecSettings/eac3Settings/bitrate: Should be a multiple of 8000"}},
    {"dolby_bitrate",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"AC3\",\"ac3Settings\":{\"bitrate\":192000}}"},
      ""}},
    {"dolby_bitrate",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"AC3\",\"ac3Settings\":{\"bitrate\":392000,"
             "\"codingMode\":\"CODING_MODE_2_0\"}}"},
      SOUND "/codecSettings/ac3Settings/bitrate: You specified a Dolby Digital audio bitrate that "
            "is outside the allowed values for the coding mode you selected. Specify a bitrate "
            "from 128000 up to 384000, and resubmit your job."}},
    {"dolby_bitrate",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"EAC3\",\"eac3Settings\":{\"bitrate\":184000}}"},
      SOUND "/codecSettings/eac3Settings/bitrate: You specified a Dolby Digital Plus audio bitrate "
            "that is outside the allowed values for the coding mode you selected. Specify a "
            "bitrate from 192000 up to 3024000, and resubmit your job."}},
    {"dolby_bitrate",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"EAC3\",\"eac3Settings\":{\"bitrate\":96000,"
             "\"codingMode\":\"CODING_MODE_2_0\"}}"},
      ""}},
    {"dolby_bitrate",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"EAC3\",\"eac3Settings\":{\"bitrate\":96000,"
             "\"codingMode\":\"CODING_MODE_AUTO\"}}"},
      ""}},
    {"surround_settings",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"EAC3\",\"eac3Settings\":{\"codingMode\":\"CODING_MODE_2_"
             "0\",\"stereoDownmix\":\"LO_RO\"}}"},
      "? " SOUND
      "/codecSettings/eac3Settings/stereoDownmix: Is read where codingMode is CODING_MODE_3_2"}},
    {"surround_settings",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"EAC3\",\"eac3Settings\":{\"stereoDownmix\":\"LO_RO\"}}"},
      ""}},
    {"mp3_quality",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"MP3\",\"mp3Settings\":{\"rateControlMode\":\"VBR\"}}"},
      SOUND "/codecSettings/mp3Settings: vbrQuality is a required property"}},
    {"mp3_quality",
     {mp4_job,
      {SOUND "/codecSettings={\"codec\":\"MP3\",\"mp3Settings\":{\"rateControlMode\":\"VBR\","
             "\"vbrQuality\":2}}"},
      ""}},
    {"caption_selector",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"D\"}]"},
      "? " OUTPUT "/captionDescriptions/0/captionSelectorName: There will be no captions: no input "
      "has a caption selector \"D\""}},
    {"caption_selector",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\"}]"},
      ""}},
    {"caption_selector",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}", OUTPUT "/captionDescriptions=[{}]"},
      OUTPUT "/captionDescriptions/0: captionSelectorName is a required property"}},
    {"caption_destination",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"destinationType\":\"EMBEDDED\",\"burninDestinationSettings\":{}}}]"},
      OUTPUT "/captionDescriptions/0/destinationSettings/burninDestinationSettings: Should match "
             "all dependencies: See other errors for more details\n" OUTPUT
             "/captionDescriptions/0/destinationSettings/destinationType: Must be BURN_IN"}},
    {"caption_destination",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"destinationType\":\"SRT\",\"webvttDestinationSettings\":{}}}]"},
      "? " OUTPUT "/captionDescriptions/0/destinationSettings/webvttDestinationSettings: Is not "
      "read: destinationType is SRT"}},
    {"caption_destination",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"destinationType\":\"EMBEDDED_PLUS_SCTE20\",\"embeddedDestinationSettings\":{}}}]"},
      ""}},
    {"font_files",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"destinationType\":\"BURN_IN\",\"burninDestinationSettings\":{\"fontFileBold\":"
              "\"s3://b/f.ttf\"}}}]"},
      OUTPUT "/captionDescriptions/0/destinationSettings/burninDestinationSettings: You specified "
             "one or more custom font files in your output captions, but did not specify all "
             "required types: regular, bold, italic, and bold italic. To resolve: Specify each "
             "required custom font file type, or remove all custom font files. Then resubmit your "
             "job."}},
    {"font_files",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"destinationType\":\"DVB_SUB\",\"dvbSubDestinationSettings\":{\"fontFileBold\":"
              "\"s3://b/f.ttf\",\"fontFileItalic\":\"s3://b/f.ttf\",\"fontFileRegular\":\"s3://b/"
              "f.ttf\",\"fontFileBoldItalic\":\"s3://b/f.ttf\"}}}]"},
      ""}},
    {"dvb_display",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"destinationType\":\"DVB_SUB\",\"dvbSubDestinationSettings\":{\"ddsXCoordinate\":8,"
              "\"width\":720}}}]"},
      OUTPUT "/captionDescriptions/0/destinationSettings/dvbSubDestinationSettings/ddsXCoordinate: "
             "Needs a ddsHandling other than NONE\n" OUTPUT
             "/captionDescriptions/0/destinationSettings/dvbSubDestinationSettings/width: Needs a "
             "ddsHandling other than NONE"}},
    {"dvb_display",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"destinationType\":\"DVB_SUB\",\"dvbSubDestinationSettings\":{\"ddsHandling\":"
              "\"SPECIFIED\",\"ddsXCoordinate\":8,\"width\":720}}}]"},
      ""}},
    {"embedded_channels",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"embeddedDestinationSettings\":{\"destination608ChannelNumber\":1,"
              "\"destination708ServiceNumber\":1}}},{\"captionSelectorName\":\"C\","
              "\"destinationSettings\":{\"embeddedDestinationSettings\":{"
              "\"destination608ChannelNumber\":2,\"destination708ServiceNumber\":2}}}]"},
      OUTPUT "/captionDescriptions/1/destinationSettings/embeddedDestinationSettings/"
             "destination608ChannelNumber: Should be in the other field: another channel is in "
             "that of CC2"}},
    {"embedded_channels",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"embeddedDestinationSettings\":{\"destination608ChannelNumber\":1,"
              "\"destination708ServiceNumber\":1}}},{\"captionSelectorName\":\"C\","
              "\"destinationSettings\":{\"embeddedDestinationSettings\":{"
              "\"destination608ChannelNumber\":3,\"destination708ServiceNumber\":1}}}]"},
      OUTPUT "/captionDescriptions/1/destinationSettings/embeddedDestinationSettings/"
             "destination708ServiceNumber: Should be different: 1 is taken"}},
    {"embedded_channels",
     {mp4_job,
      {"/inputs/0/captionSelectors={\"C\":{}}",
       OUTPUT "/captionDescriptions=[{\"captionSelectorName\":\"C\",\"destinationSettings\":{"
              "\"embeddedDestinationSettings\":{\"destination608ChannelNumber\":1,"
              "\"destination708ServiceNumber\":1}}},{\"captionSelectorName\":\"C\","
              "\"destinationSettings\":{\"embeddedDestinationSettings\":{"
              "\"destination608ChannelNumber\":3,\"destination708ServiceNumber\":2}}}]"},
      ""}},
};
