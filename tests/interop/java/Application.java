package com.koder.id.interop;

import java.time.Duration;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.RefreshTokenOAuth2AuthorizedClientProvider;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An ordinary web application, and an API: what Spring Security does by itself, with as little said as it needs. */
@SpringBootApplication
@RestController
public class Application {
  public static void main(String[] args) {
    SpringApplication.run(Application.class, args);
  }

  /** The API: whoever has an access token. */
  @Bean
  @Order(1)
  SecurityFilterChain api(HttpSecurity http) {
    return http.securityMatcher("/api")
        .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
        .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
        .build();
  }

  /** RFC 9068 §4: an API takes what says to be an access token. Left to itself, Spring takes the type JWT alone. */
  @Bean
  JwtTypeValidator accessTokensAlone() {
    return new JwtTypeValidator("at+jwt");
  }

  /** The pages: whoever signed in, and out again by a logout that the provider knows of. */
  @Bean
  @Order(2)
  SecurityFilterChain pages(HttpSecurity http, ClientRegistrationRepository registrations) {
    var signedOut = new OidcClientInitiatedLogoutSuccessHandler(registrations);
    signedOut.setPostLogoutRedirectUri("{baseUrl}/signed-out");
    return http.authorizeHttpRequests(
            requests -> requests.requestMatchers("/machine", "/signed-out").permitAll().anyRequest().authenticated())
        .oauth2Login(Customizer.withDefaults())
        .logout(logout -> logout.logoutSuccessHandler(signedOut))
        .build();
  }

  /** Every access token has expired for it, since none lives for a day: each use is a refresh. */
  @Bean
  RefreshTokenOAuth2AuthorizedClientProvider refreshing() {
    var provider = new RefreshTokenOAuth2AuthorizedClientProvider();
    provider.setClockSkew(Duration.ofDays(1));
    return provider;
  }

  /** What the application knows of the person. */
  @GetMapping("/me")
  Map<String, Object> me(@AuthenticationPrincipal OidcUser person) {
    return person.getClaims();
  }

  /** The person's access token, as new as it can be, and the refresh token beside it. */
  @GetMapping("/refresh")
  Map<String, Object> refresh(@RegisteredOAuth2AuthorizedClient("koder") OAuth2AuthorizedClient client) {
    return Map.of(
        "access_token", client.getAccessToken().getTokenValue(),
        "refresh_token", client.getRefreshToken().getTokenValue());
  }

  /** The access token of the application itself. */
  @GetMapping("/machine")
  Map<String, Object> machine(@RegisteredOAuth2AuthorizedClient("machine") OAuth2AuthorizedClient client) {
    return Map.of("access_token", client.getAccessToken().getTokenValue());
  }

  /** Whom the API takes the caller for. */
  @GetMapping("/api")
  Map<String, Object> api(@AuthenticationPrincipal Jwt token) {
    return token.getClaims();
  }

  @GetMapping("/signed-out")
  String signedOut() {
    return "signed out";
  }
}
