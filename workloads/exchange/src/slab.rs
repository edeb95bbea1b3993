//! Memory for messages that is used again.

use std::collections::VecDeque;

use bytes::BytesMut;

/// Hands out pieces of slabs. A piece becomes a shared slice with [`BytesMut::freeze`], and once the last slice of
/// a slab is dropped, wherever that happens, the pool uses the slab again.
#[derive(Debug)]
pub struct SlabPool {
    piece: usize,
    slab: usize,
    current: BytesMut,
    retired: VecDeque<BytesMut>,
    allocated: usize,
}

impl SlabPool {
    /// A pool whose pieces hold `piece` bytes, `pieces` of them to a slab.
    pub fn new(piece: usize, pieces: usize) -> Self {
        // The last piece of a slab stays here: it is the handle by which the pool gets the slab back.
        let slab = piece * (pieces + 1);
        Self {
            piece,
            slab,
            current: BytesMut::new(),
            retired: VecDeque::new(),
            allocated: 0,
        }
    }

    /// A piece of exactly the bytes that were agreed, all zero.
    pub fn take(&mut self) -> BytesMut {
        if self.current.capacity() < 2 * self.piece {
            self.turn_over();
        }
        let rest = self.current.split_off(self.piece);
        let mut piece = std::mem::replace(&mut self.current, rest);
        piece.resize(self.piece, 0);
        piece
    }

    /// How many slabs were allocated so far.
    pub fn allocated(&self) -> usize {
        self.allocated
    }

    /// Goes on with another slab: puts the current one at the end of the line and takes the one at its front, when nobody reads it any more.
    pub fn turn_over(&mut self) {
        let slab = self.slab;
        let is_free = self
            .retired
            .front_mut()
            .is_some_and(|oldest| oldest.try_reclaim(slab));
        let free = if is_free {
            self.retired.pop_front()
        } else {
            None
        };
        let fresh = free.unwrap_or_else(|| {
            self.allocated += 1;
            BytesMut::with_capacity(self.slab)
        });
        let full = std::mem::replace(&mut self.current, fresh);
        if full.capacity() > 0 {
            self.retired.push_back(full);
        }
    }
}
