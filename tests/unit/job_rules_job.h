/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of job_rules.c: the job, its inputs and their selectors. */
static const struct row job_rows[] = {
    {"input_count",
     {mp4_job,
      {"/inputs=" INPUTS151},
      "? " SOUND "/audioSourceName: The track will be silent: the input has no audio selector "
      "\"Audio Selector 1\", and no default one\n"
      "/inputs/1: Several inputs are not supported yet: give one\n"
      "/inputs: Should have at most 150 items"}},
    {"same_caption_selectors",
     {mp4_job,
      {"/inputs/1={\"fileInput\":\"s3://in/b.mp4\",\"captionSelectors\":{\"C\":{}}}"},
      "/inputs/1: Several inputs are not supported yet: give one\n"
      "/inputs/1: Should have as many captionSelectors as inputs/0, 0, not 1"}},
    {"same_caption_selectors",
     {mp4_job,
      {"/inputs/1={\"fileInput\":\"s3://in/b.mp4\",\"captionSelectors\":{\"C\":{}}}",
       "/inputs/0/captionSelectors={\"C\":{}}"},
      "/inputs/1: Several inputs are not supported yet: give one"}},
    {"automated_everywhere",
     {hls_job,
      {H264 "/qualityTuningLevel=MULTI_PASS_HQ", "/outputGroups/0/automatedEncodingSettings={}",
       "/outputGroups/"
       "1={\"outputGroupSettings\":{\"type\":\"CMAF_GROUP_SETTINGS\",\"cmafGroupSettings\":{}},"
       "\"outputs\":[{\"containerSettings\":{\"container\":\"CMFC\"},\"audioDescriptions\":[{"
       "\"codecSettings\":{\"codec\":\"AC3\",\"ac3Settings\":{}}}]}]}"},
      "/outputGroups/1: automatedEncodingSettings is a required property"}},
    {"automated_everywhere",
     {hls_job,
      {H264 "/qualityTuningLevel=MULTI_PASS_HQ", "/outputGroups/0/automatedEncodingSettings={}",
       "/outputGroups/"
       "1={\"automatedEncodingSettings\":{},\"outputGroupSettings\":{\"type\":\"CMAF_GROUP_"
       "SETTINGS\",\"cmafGroupSettings\":{}},\"outputs\":[{\"containerSettings\":{\"container\":"
       "\"CMFC\"},\"audioDescriptions\":[{\"codecSettings\":{\"codec\":\"AC3\",\"ac3Settings\":{}}}"
       "]}]}"},
      ""}},
    {"lut_count",
     {mp4_job,
      {"/colorConversion3DLUTSettings=[{},{},{},{},{},{},{},{},{}]"},
      ": Should have at most 8 colorConversion3DLUTSettings"}},
    {"lut_count", {mp4_job, {"/colorConversion3DLUTSettings=[{},{},{},{},{},{},{},{}]"}, ""}},
    {"nielsen",
     {mp4_job,
      {"/nielsenNonLinearWatermark={\"activeWatermarkProcess\":\"CBET\",\"sourceId\":1,\"assetId\":"
       "\"a\",\"assetName\":\"b\"}"},
      "/nielsenNonLinearWatermark: sourceWatermarkStatus is a required property\n"
      "/nielsenNonLinearWatermark: ticServerUrl is a required property\n"
      "/nielsenNonLinearWatermark: cbetSourceId is a required property"}},
    {"nielsen",
     {mp4_job,
      {"/nielsenNonLinearWatermark={\"activeWatermarkProcess\":\"NAES2_AND_NW\",\"sourceId\":1,"
       "\"assetId\":\"a\",\"assetName\":\"b\",\"sourceWatermarkStatus\":\"WATERMARKED\","
       "\"ticServerUrl\":\"https://a\"}"},
      "/nielsenNonLinearWatermark/sourceWatermarkStatus: Must be CLEAN: what has a watermark is "
      "not given another"}},
    {"nielsen",
     {mp4_job,
      {"/nielsenNonLinearWatermark={\"activeWatermarkProcess\":\"NAES2_AND_NW\",\"sourceId\":1,"
       "\"assetId\":\"a\",\"assetName\":\"b\",\"sourceWatermarkStatus\":\"CLEAN\",\"ticServerUrl\":"
       "\"https://a\"}"},
      ""}},
    {"motion_images",
     {mp4_job,
      {"/motionImageInserter={}", "/motionImageInserters=[{}]"},
      "/motionImageInserters: Excludes motionImageInserter"}},
    {"motion_images", {mp4_job, {"/motionImageInserter={}", "/motionImageInserters=[]"}, ""}},
    {"file_or_generator",
     {mp4_job, {"/inputs/0/videoGenerator={}"}, "/inputs/0/fileInput: Excludes videoGenerator"}},
    {"generator",
     {mp4_job,
      {"/inputs/0/videoGenerator={\"framerateNumerator\":25,\"width\":641}"},
      "/inputs/0/fileInput: Excludes videoGenerator\n"
      "/inputs/0/videoGenerator: framerateDenominator is a required property\n"
      "/inputs/0/videoGenerator: height is a required property\n"
      "/inputs/0/videoGenerator/width: Should be a multiple of 2"}},
    {"generator",
     {mp4_job,
      {"/inputs/0/videoGenerator={\"framerateDenominator\":1,\"height\":361}"},
      "/inputs/0/fileInput: Excludes videoGenerator\n"
      "/inputs/0/videoGenerator: framerateNumerator is a required property\n"
      "/inputs/0/videoGenerator: width is a required property\n"
      "/inputs/0/videoGenerator/height: Should be a multiple of 2"}},
    {"generator",
     {mp4_job,
      {"/inputs/0/fileInput=null", "/inputs/0/"
                                   "videoGenerator={\"framerateNumerator\":25,"
                                   "\"framerateDenominator\":1,\"width\":640,\"height\":360}"},
      ""}},
    {"file_or_generator",
     {mp4_job, {"/inputs/0/fileInput=null"}, "/inputs/0: fileInput is a required property"}},
    {"tams",
     {mp4_job,
      {"/inputs/0/tamsSettings={}"},
      "/inputs/0/tamsSettings: authConnectionArn is a required property\n"
      "/inputs/0/tamsSettings: sourceId is a required property\n"
      "/inputs/0/tamsSettings: timerange is a required property"}},
    {"tams",
     {mp4_job,
      {"/inputs/0/"
       "tamsSettings={\"authConnectionArn\":\"arn:aws:events:eu-west-1:111122223333:connection/a/"
       "01234567-89ab-cdef-0123-456789abcdef\",\"sourceId\":\"a\",\"timerange\":\"[15:0_35:0)\"}"},
      ""}},
    {"clip_bounds",
     {mp4_job,
      {"/inputs/0/inputClippings=[{}]"},
      "/inputs/0/inputClippings/0: Should have a startTimecode or an endTimecode"}},
    {"clip_bounds",
     {mp4_job,
      {"/inputs/0/"
       "inputClippings=[{\"startTimecode\":\"00:00:02:00\",\"endTimecode\":\"00:00:01:24\"}]"},
      "/inputs/0/inputClippings/0/endTimecode: Should not be before the startTimecode, "
      "00:00:02:00"}},
    {"clip_bounds",
     {mp4_job,
      {"/inputs/0/"
       "inputClippings=[{\"startTimecode\":\"00:00:02;00\",\"endTimecode\":\"00:00:02:00\"}]"},
      ""}},
    {"clip_order",
     {mp4_job,
      {"/inputs/0/"
       "inputClippings=[{\"startTimecode\":\"00:00:02:00\",\"endTimecode\":\"00:00:03:00\"},{"
       "\"startTimecode\":\"00:00:03:00\"}]"},
      "/inputs/0/inputClippings/1/startTimecode: Should be after 00:00:03:00, where "
      "inputClippings/0 ends"}},
    {"clip_order",
     {mp4_job,
      {"/inputs/0/"
       "inputClippings=[{\"startTimecode\":\"00:00:02:00\"},{\"startTimecode\":\"00:00:03:00\"}]"},
      "/inputs/0/inputClippings/1: Overlaps inputClippings/0: clips follow one another in time"}},
    {"clip_order",
     {mp4_job,
      {"/inputs/0/"
       "inputClippings=[{\"endTimecode\":\"00:00:03:00\"},{\"startTimecode\":\"00:00:03:01\"}]"},
      ""}},
    {"even_input_rectangles",
     {mp4_job,
      {"/inputs/0/crop={\"width\":641,\"height\":360,\"x\":1,\"y\":0}"},
      "/inputs/0/crop/width: Should be a multiple of 2\n"
      "/inputs/0/crop/x: Should be a multiple of 2"}},
    {"even_input_rectangles",
     {mp4_job,
      {"/inputs/0/position={\"width\":640,\"height\":361,\"x\":0,\"y\":3}"},
      "/inputs/0/position/height: Should be a multiple of 2\n"
      "/inputs/0/position/y: Should be a multiple of 2"}},
    {"even_input_rectangles",
     {mp4_job, {"/inputs/0/crop={\"width\":640,\"height\":360,\"x\":2,\"y\":4}"}, ""}},
    {"input_images",
     {mp4_job,
      {"/inputs/0/"
       "imageInserter={\"insertableImages\":[{\"imageX\":0,\"layer\":1},{\"imageY\":0,\"imageX\":0,"
       "\"layer\":1}]}"},
      "/inputs/0/imageInserter/insertableImages/0: imageY is a required property\n"
      "/inputs/0/imageInserter/insertableImages/1/layer: Should be different: 1 is taken"}},
    {"input_images",
     {mp4_job,
      {"/inputs/0/"
       "imageInserter={\"insertableImages\":[{\"imageX\":0,\"imageY\":0,\"layer\":1},{\"imageX\":0,"
       "\"imageY\":0,\"layer\":2}]}"},
      ""}},
    {"hdr10_input",
     {mp4_job,
      {"/inputs/0/videoSelector={\"hdr10Metadata\":{}}"},
      "/inputs/0/videoSelector/colorSpace: Must be HDR10: there is hdr10Metadata"}},
    {"hdr10_input",
     {mp4_job, {"/inputs/0/videoSelector={\"hdr10Metadata\":{},\"colorSpace\":\"HDR10\"}"}, ""}},
    {"selector_groups",
     {mp4_job,
      {"/inputs/0/audioSelectorGroups={\"G\":{\"audioSelectorNames\":[\"Audio Selector 1\",\"Audio "
       "Selector 2\"]}}"},
      "/inputs/0/audioSelectorGroups/G/audioSelectorNames: \"Audio Selector 2\" is no audio "
      "selector of this input"}},
    {"selector_groups",
     {mp4_job,
      {"/inputs/0/audioSelectorGroups={\"G\":{\"audioSelectorNames\":[\"Audio Selector 1\"]}}"},
      ""}},
    {"caption_selector_count",
     {mp4_job,
      {"/inputs/0/captionSelectors=" SELECTORS101},
      "/inputs/0: Should have at most 100 captionSelectors"}},
    {"caption_selector_count", {mp4_job, {"/inputs/0/captionSelectors={\"C\":{}}"}, ""}},
    {"selector_type",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector 1={\"selectorType\":\"STREAM\"}"},
      "/inputs/0/audioSelectors/Audio Selector 1: streams is a required property"}},
    {"selector_type",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector 1={\"selectorType\":\"HLS_RENDITION_GROUP\"}"},
      "/inputs/0/audioSelectors/Audio Selector 1: hlsRenditionGroupSettings is a required "
      "property"}},
    {"selector_type",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector "
       "1={\"selectorType\":\"HLS_RENDITION_GROUP\",\"hlsRenditionGroupSettings\":{}}",
       SOUND "/audioSourceName=Audio Selector 1"},
      ""}},
    {"selector_remix",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector 1/remixSettings={\"channelsOut\":3}"},
      "/inputs/0/audioSelectors/Audio Selector 1/remixSettings/channelsOut: Should be 1 or an even "
      "number"}},
    {"selector_remix",
     {mp4_job,
      {"/inputs/0/audioSelectors/Audio Selector "
       "1/"
       "remixSettings={\"channelsOut\":2,\"channelsIn\":1,\"channelMapping\":{\"outputChannels\":[{"
       "\"inputChannels\":[0]},{\"inputChannels\":[0]}]}}"},
      ""}},
    {"caption_source",
     {mp4_job,
      {"/inputs/0/"
       "captionSelectors={\"C\":{\"sourceSettings\":{\"sourceType\":\"SRT\","
       "\"trackSourceSettings\":{}}}}"},
      "? /inputs/0/captionSelectors/C/sourceSettings/trackSourceSettings: Is not read: sourceType "
      "is SRT"}},
    {"caption_source",
     {mp4_job,
      {"/inputs/0/"
       "captionSelectors={\"C\":{\"sourceSettings\":{\"sourceType\":\"SCTE20\","
       "\"embeddedSourceSettings\":{}}}}"},
      ""}},
};
