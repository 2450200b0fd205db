//! Programs that a person lets in (OAuth): who is refused first, then what is given, then official clients that find their way by themselves.

mod desk;
mod grants;
mod peers;
mod refusals;
