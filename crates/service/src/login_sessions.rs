//! Sessions of users: what a log-in begins, and what its tokens belong to.
//!
//! What must stay true: only tokens that are signed with Quintet's own key belong to a session; others live until they
//! expire or all tokens of their user are revoked.

use quintet_domain::limits::LOGIN_SEEN_EVERY_SECONDS;
use quintet_domain::{
    Account, Code, EndSession, LoginSession, LoginSessionId, NoteSession, OpenSession, Refusal, UserId,
};

use crate::{Credential, Service, Session, SignWith};

impl Service {
    /// Begins a session of a user who has logged in, and issues its token for a dialect: the one of the client if it is
    /// known, else the one in which the user registered. `authenticated_s` is when the user logged in, if not now.
    pub(crate) async fn begin_session(
        &self,
        account: Account,
        dialect: Option<&str>,
        client: Option<&str>,
        authenticated_s: Option<i64>,
    ) -> Result<Session, Refusal> {
        let session = match self.0.tokens.sign_with() {
            SignWith::Own => {
                let expires_at = self.0.tokens.expires_at(self.0.environment.now());
                let client = client.and_then(LoginSession::client_from);
                let user = account.user.id.clone();
                let opened = self.write(OpenSession { user, client, expires_at }).await;
                Some(opened.map_err(known_no_more)?.id)
            }
            // Whoever has the secret could leave the session out, or name any.
            SignWith::Shared => None,
        };
        self.token_of(account, dialect, session, authenticated_s)
    }

    /// Issues a new token for a session, which lasts as long as the token from now on. A token of an earlier version has no
    /// session, and gets one.
    pub(crate) async fn continue_session(
        &self,
        account: Account,
        dialect: Option<&str>,
        client: Option<&str>,
        credential: Credential,
    ) -> Result<Session, Refusal> {
        let Credential { session, authenticated_s, .. } = credential;
        let Some(session) = session else {
            return self.begin_session(account, dialect, client, authenticated_s).await;
        };
        let expires_at = Some(self.0.tokens.expires_at(self.0.environment.now()));
        let user = account.user.id.clone();
        self.write(NoteSession { user, session: session.clone(), expires_at }).await.map_err(known_no_more)?;
        self.token_of(account, dialect, Some(session), authenticated_s)
    }

    fn token_of(
        &self,
        account: Account,
        dialect: Option<&str>,
        session: Option<LoginSessionId>,
        authenticated_s: Option<i64>,
    ) -> Result<Session, Refusal> {
        let dialect = dialect.map(str::to_owned).or_else(|| account.home_dialect.clone());
        let now = self.0.environment.now();
        let issued = self.0.tokens.issue(&account, dialect.as_deref(), session.as_ref(), authenticated_s, now);
        let (token, expires_at) = issued?;
        Ok(Session { token, expires_at, account })
    }

    /// Checks that the session of a token is not over, and stores now and then that it is in use. `found` is what was read
    /// with the account.
    pub(crate) fn check_session(&self, user: &UserId, found: Option<LoginSession>) -> Result<(), Refusal> {
        let Some(LoginSession { id: session, seen_at, .. }) = found else {
            return Err(Refusal::unauthenticated("the session was ended"));
        };
        let unnoted_ms = self.0.environment.now().0 - seen_at.0;
        if unnoted_ms >= LOGIN_SEEN_EVERY_SECONDS * 1_000 && self.0.being_noted.begin(&session) {
            let (service, user) = (self.clone(), user.clone());
            tokio::spawn(async move {
                let note = NoteSession { user, session: session.clone(), expires_at: None };
                if let Err(error) = service.write(note).await {
                    tracing::debug!(%error, "the use of a session was not stored");
                }
                service.0.being_noted.end(&session);
            });
        }
        Ok(())
    }

    /// Returns the sessions of a user that are not over, the one that was used last first.
    ///
    /// # Errors
    /// An internal error.
    pub async fn login_sessions(&self, user: UserId) -> Result<Vec<LoginSession>, Refusal> {
        Ok(self.store().login_sessions(user).await?)
    }

    /// Ends a session of a user: its tokens are refused from now on, and its connections are closed.
    ///
    /// # Errors
    /// `ERR_NOT_FOUND` if the user has no such session.
    pub async fn end_session(&self, user: UserId, session: LoginSessionId) -> Result<(), Refusal> {
        self.write(EndSession { user, session }).await
    }

    /// Ends the session of a token, if the token belongs to one that is not over yet.
    ///
    /// # Errors
    /// An internal error.
    pub async fn log_out(&self, user: UserId, credential: Credential) -> Result<(), Refusal> {
        let Some(session) = credential.session else { return Ok(()) };
        match self.end_session(user, session).await {
            Err(refusal) if refusal.code == Code::NotFound => Ok(()),
            ended => ended,
        }
    }
}

/// The refusal of a user who was erased or disabled meanwhile.
fn known_no_more(refusal: Refusal) -> Refusal {
    if refusal.code == Code::NotFound { Refusal::unauthenticated("the user is not known") } else { refusal }
}
