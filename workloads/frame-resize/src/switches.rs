//! What differs between the story's form and the cured one.

use std::str::FromStr;

/// One setting of the switches. Any combination is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// How a payload leaves the bytes it was received in.
    pub decode: Decode,
    /// How a payload gets into a request and out of a response.
    pub value: Value,
    /// What a message is encoded into.
    pub encode: Encode,
    /// How an encoded message becomes shareable.
    pub freeze: Freeze,
    /// What the sink does with a message before it writes it.
    pub sink: Sink,
    /// Who owns the stream to a user-defined function.
    pub mapper: Mapper,
    /// How the server calls the user-defined function.
    pub udf: Udf,
    /// Which resizing the filter-resize vertex uses. The same in both forms.
    pub resize: Resize,
}

/// How a payload leaves the bytes it was received in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decode {
    /// Copied into a vector, as generated code does for `bytes` fields.
    Copy,
    /// As a slice that shares their memory.
    Slice,
}

/// How a payload gets from one message type into the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// `to_vec()`.
    Copy,
    /// Handed on.
    Share,
}

/// What a message is encoded into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encode {
    /// A buffer that starts empty and grows.
    Grow,
    /// A buffer of the right size.
    Preallocate,
}

/// How an encoded message becomes shareable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freeze {
    /// `clone().freeze()`.
    Clone,
    /// `freeze()`.
    Move,
}

/// What the sink does with a message before it writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Copies it.
    Clone,
    /// Reads it where it is.
    Borrow,
}

/// Who owns the stream to a user-defined function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapper {
    /// A task of its own, asked through a channel.
    Actor,
    /// The vertex.
    Direct,
}

/// How the server calls the user-defined function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Udf {
    /// `Box<dyn MapUdf>` with `#[async_trait]`.
    Boxed,
    /// An enum with native `async fn`.
    Native,
}

/// Which resizing is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// `fast_image_resize`, with the processor's vector instructions.
    Fast,
    /// Bilinear, a pixel at a time.
    Naive,
}

/// The name of a variant or of a switch in it is not known.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown part {part:?} in the variant name")]
pub struct UnknownVariant {
    /// The part that was not understood.
    pub part: String,
}

impl Switches {
    /// Every copy that the story's dataplane makes.
    pub const fn story() -> Self {
        Self {
            decode: Decode::Copy,
            value: Value::Copy,
            encode: Encode::Grow,
            freeze: Freeze::Clone,
            sink: Sink::Clone,
            mapper: Mapper::Actor,
            udf: Udf::Boxed,
            resize: Resize::Fast,
        }
    }

    /// Only the copies that an encoded, streamed message needs.
    pub const fn cured() -> Self {
        Self {
            decode: Decode::Slice,
            value: Value::Share,
            encode: Encode::Preallocate,
            freeze: Freeze::Move,
            sink: Sink::Borrow,
            mapper: Mapper::Direct,
            udf: Udf::Native,
            resize: Resize::Fast,
        }
    }
}

/// Reads `story` or `cured`, then any number of single switches: `story+preallocate`, `cured+naive-resize`.
impl FromStr for Switches {
    type Err = UnknownVariant;

    fn from_str(name: &str) -> Result<Self, UnknownVariant> {
        let mut parts = name.split('+');
        let unknown = |part: &str| UnknownVariant {
            part: part.to_owned(),
        };
        let mut switches = match parts.next() {
            Some("story") => Self::story(),
            Some("cured") => Self::cured(),
            other => return Err(unknown(other.unwrap_or_default())),
        };
        for part in parts {
            match part {
                "copy-decode" => switches.decode = Decode::Copy,
                "slice-decode" => switches.decode = Decode::Slice,
                "copy-value" => switches.value = Value::Copy,
                "share-value" => switches.value = Value::Share,
                "grow" => switches.encode = Encode::Grow,
                "preallocate" => switches.encode = Encode::Preallocate,
                "clone-freeze" => switches.freeze = Freeze::Clone,
                "move-freeze" => switches.freeze = Freeze::Move,
                "clone-sink" => switches.sink = Sink::Clone,
                "borrow-sink" => switches.sink = Sink::Borrow,
                "actor-mapper" => switches.mapper = Mapper::Actor,
                "direct-mapper" => switches.mapper = Mapper::Direct,
                "boxed-udf" => switches.udf = Udf::Boxed,
                "native-udf" => switches.udf = Udf::Native,
                "fast-resize" => switches.resize = Resize::Fast,
                "naive-resize" => switches.resize = Resize::Naive,
                other => return Err(unknown(other)),
            }
        }
        Ok(switches)
    }
}
