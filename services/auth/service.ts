import { AccountService } from "#gen/koder/auth/v1/account_service_pb.ts";
import { EmailService } from "#gen/koder/auth/v1/email_service_pb.ts";
import { FactorService } from "#gen/koder/auth/v1/factor_service_pb.ts";
import { AuthenticationPolicyService } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { FlowService } from "#gen/koder/auth/v1/flow_service_pb.ts";
import { LoginHandleService } from "#gen/koder/auth/v1/login_handle_internal_pb.ts";
import { BrowserOtpService } from "#gen/koder/auth/v1/otp_internal_pb.ts";
import { MailServerService } from "#gen/koder/auth/v1/mail_server_service_pb.ts";
import { MailSettingsService } from "#gen/koder/auth/v1/mail_settings_service_pb.ts";
import { MailTemplateService } from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { InvitationMailService } from "#gen/koder/auth/v1/invitation_mail_internal_pb.ts";
import { NewPasswordService } from "#gen/koder/auth/v1/new_password_internal_pb.ts";
import { SignUpPageService } from "#gen/koder/auth/v1/sign_up_internal_pb.ts";
import { SignUpService } from "#gen/koder/auth/v1/sign_up_service_pb.ts";
import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { RequiredActionService } from "#gen/koder/auth/v1/required_action_internal_pb.ts";
import { RecoveryService } from "#gen/koder/auth/v1/recovery_service_pb.ts";
import { ShownMailService } from "#gen/koder/auth/v1/shown_mail_internal_pb.ts";
import { PersonalDataService } from "#gen/koder/auth/v1/personal_data_internal_pb.ts";
import { implementation, type ServiceModule } from "../host/service-module.ts";
import type { AuthDependencies } from "./dependencies.ts";
import { changePassword } from "./account/change-password.ts";
import { judgeNewPassword } from "./account/judge-new-password.ts";
import { tellAccountChanged } from "./account/tell-account-changed.ts";
import { deleteRememberedDevice } from "./devices/delete-remembered-device.ts";
import { getRememberedDevicePolicy } from "./devices/get-remembered-device-policy.ts";
import { listRememberedDevices } from "./devices/list-remembered-devices.ts";
import { confirmEmail } from "./email/confirm-email.ts";
import { sendEmailVerification } from "./email/send-email-verification.ts";
import { startEmailChange } from "./email/start-email-change.ts";
import { beginPasskeyRegistration } from "./factors/begin-passkey-registration.ts";
import { confirmTotp } from "./factors/confirm-totp.ts";
import { deleteFactor } from "./factors/delete-factor.ts";
import { enrolTotp } from "./factors/enrol-totp.ts";
import { finishErasure } from "./factors/finish-erasure.ts";
import { finishPasskeyRegistration } from "./factors/finish-passkey-registration.ts";
import { generateRecoveryCodes } from "./factors/generate-recovery-codes.ts";
import { listFactors } from "./factors/list-factors.ts";
import { resetFactors } from "./factors/reset-factors.ts";
import { updateFactor } from "./factors/update-factor.ts";
import { acceptPasskey } from "./flows/accept-passkey.ts";
import { acceptTotp } from "./flows/accept-totp.ts";
import { beginNewTotp, getNewPasskeyOptions, giveNewPasskey, giveNewTotp } from "./flows/direct-enrolment.ts";
import {
  getFlow,
  getPasskeyOptions,
  giveNewPassword,
  givePasskey,
  givePassword,
  giveRecoveryCode,
  giveTotp,
} from "./flows/direct-steps.ts";
import { redeemLoginHandle } from "./flows/redeem-login-handle.ts";
import { startFlow } from "./flows/start-flow.ts";
import { offerNewPasskey } from "./flows/offer-new-passkey.ts";
import { offerPasskey } from "./flows/offer-passkey.ts";
import { offerSignIn } from "./flows/offer-sign-in.ts";
import { offerTotp } from "./flows/offer-totp.ts";
import { forgetChanged } from "./forget-changed.ts";
import { checkSignIn } from "./policy/check-sign-in.ts";
import { getAuthenticationPolicy } from "./policy/get-authentication-policy.ts";
import { getAskedTermsVersion } from "./policy/get-asked-terms-version.ts";
import { getGroupOverride } from "./policy/get-group-override.ts";
import { getRelatedOrigins } from "./policy/get-related-origins.ts";
import { getSecondFactorRequirement } from "./policy/get-second-factor-requirement.ts";
import { updateAuthenticationPolicy } from "./policy/update-authentication-policy.ts";
import { submitNewPassword } from "./flows/submit-new-password.ts";
import { submitPasskey } from "./flows/submit-passkey.ts";
import { submitPassword } from "./flows/submit-password.ts";
import { submitRecoveryCode } from "./flows/submit-recovery-code.ts";
import { submitTotp } from "./flows/submit-totp.ts";
import { getMailServer } from "./mail-server/get-mail-server.ts";
import { sendTestMail } from "./mail-server/send-test-mail.ts";
import { updateMailServer } from "./mail-server/update-mail-server.ts";
import { deleteMailTemplate } from "./mail/delete-mail-template.ts";
import { getMailSettings } from "./mail/get-mail-settings.ts";
import { getMailTemplate } from "./mail/get-mail-template.ts";
import { listMailTemplates } from "./mail/list-mail-templates.ts";
import { previewMailTemplate } from "./mail/preview-mail-template.ts";
import { updateMailSettings } from "./mail/update-mail-settings.ts";
import { updateMailTemplate } from "./mail/update-mail-template.ts";
import { listShownMails } from "./mail/shown-mails.ts";
import { requestNewOtp, requestOtp, submitNewOtp, submitOtp } from "./otp/browser-otp.ts";
import { confirmOtp } from "./otp/confirm-otp.ts";
import { giveNewOtp, giveOtp, sendNewOtp, sendOtp } from "./otp/direct-otp.ts";
import { enrolOtp } from "./otp/enrol-otp.ts";
import { confirmRecovery } from "./recovery/confirm-recovery.ts";
import { collectPersonalData } from "./personal-data.ts";
import { requestEmailCode, submitEmailCode, submitTerms } from "./required-actions/browser-actions.ts";
import { acceptTerms, declineTerms, giveEmailCode, sendEmailCode } from "./required-actions/direct-actions.ts";
import { sendPasswordReset } from "./recovery/send-password-reset.ts";
import { startRecovery } from "./recovery/start-recovery.ts";
import { confirmSignUp } from "./sign-up/confirm-sign-up.ts";
import { forgetRevokedLinks } from "./sign-up/forget-revoked-links.ts";
import { getSignUp } from "./sign-up/get-sign-up.ts";
import { getSignUpPolicy } from "./sign-up/get-sign-up-policy.ts";
import { mailInvitation } from "./sign-up/mail-invitation.ts";
import { startSignUp } from "./sign-up/start-sign-up.ts";

/** The auth service: authentication flows, factors, the limits on attempts, recovery, and mail. */
export function createAuthService(dependencies: AuthDependencies): ServiceModule {
  const { mailDeliveries } = dependencies;
  const finishing = [finishErasure(dependencies), forgetRevokedLinks(dependencies)];
  return {
    name: "auth",
    implementations: [
      implementation(BrowserFlowService, {
        offerSignIn: offerSignIn(dependencies),
        submitPassword: submitPassword(dependencies),
        submitTotp: submitTotp(dependencies),
        submitRecoveryCode: submitRecoveryCode(dependencies),
        submitNewPassword: submitNewPassword(dependencies),
        offerPasskey: offerPasskey(dependencies),
        submitPasskey: submitPasskey(dependencies),
        offerNewPasskey: offerNewPasskey(dependencies),
        acceptPasskey: acceptPasskey(dependencies),
        offerTotp: offerTotp(dependencies),
        acceptTotp: acceptTotp(dependencies),
      }),
      implementation(FlowService, {
        startFlow: startFlow(dependencies),
        getFlow: getFlow(dependencies),
        givePassword: givePassword(dependencies),
        getPasskeyOptions: getPasskeyOptions(dependencies),
        givePasskey: givePasskey(dependencies),
        giveTotp: giveTotp(dependencies),
        giveRecoveryCode: giveRecoveryCode(dependencies),
        sendOtp: sendOtp(dependencies),
        giveOtp: giveOtp(dependencies),
        beginNewTotp: beginNewTotp(dependencies),
        giveNewTotp: giveNewTotp(dependencies),
        getNewPasskeyOptions: getNewPasskeyOptions(dependencies),
        giveNewPasskey: giveNewPasskey(dependencies),
        sendNewOtp: sendNewOtp(dependencies),
        giveNewOtp: giveNewOtp(dependencies),
        sendEmailCode: sendEmailCode(dependencies),
        giveEmailCode: giveEmailCode(dependencies),
        acceptTerms: acceptTerms(dependencies),
        declineTerms: declineTerms(dependencies),
        giveNewPassword: giveNewPassword(dependencies),
      }),
      implementation(RequiredActionService, {
        requestEmailCode: requestEmailCode(dependencies),
        submitEmailCode: submitEmailCode(dependencies),
        submitTerms: submitTerms(dependencies),
      }),
      implementation(LoginHandleService, { redeemLoginHandle: redeemLoginHandle(dependencies) }),
      implementation(SignInPolicyService, {
        checkSignIn: checkSignIn(dependencies),
        getSecondFactorRequirement: getSecondFactorRequirement(dependencies),
        getGroupOverride: getGroupOverride(dependencies),
        getAskedTermsVersion: getAskedTermsVersion(dependencies),
        getRelatedOrigins: getRelatedOrigins(dependencies),
        getRememberedDevicePolicy: getRememberedDevicePolicy(dependencies),
      }),
      implementation(AuthenticationPolicyService, {
        getAuthenticationPolicy: getAuthenticationPolicy(dependencies),
        updateAuthenticationPolicy: updateAuthenticationPolicy(dependencies),
      }),
      implementation(FactorService, {
        listFactors: listFactors(dependencies),
        beginPasskeyRegistration: beginPasskeyRegistration(dependencies),
        finishPasskeyRegistration: finishPasskeyRegistration(dependencies),
        updateFactor: updateFactor(dependencies),
        enrolTotp: enrolTotp(dependencies),
        confirmTotp: confirmTotp(dependencies),
        enrolOtp: enrolOtp(dependencies),
        confirmOtp: confirmOtp(dependencies),
        listRememberedDevices: listRememberedDevices(dependencies),
        deleteRememberedDevice: deleteRememberedDevice(dependencies),
        generateRecoveryCodes: generateRecoveryCodes(dependencies),
        deleteFactor: deleteFactor(dependencies),
        resetFactors: resetFactors(dependencies),
      }),
      implementation(RecoveryService, {
        startRecovery: startRecovery(dependencies),
        sendPasswordReset: sendPasswordReset(dependencies),
        confirmRecovery: confirmRecovery(dependencies),
      }),
      implementation(SignUpService, {
        startSignUp: startSignUp(dependencies),
        confirmSignUp: confirmSignUp(dependencies),
      }),
      implementation(BrowserOtpService, {
        requestOtp: requestOtp(dependencies),
        submitOtp: submitOtp(dependencies),
        requestNewOtp: requestNewOtp(dependencies),
        submitNewOtp: submitNewOtp(dependencies),
      }),
      implementation(InvitationMailService, { mailInvitation: mailInvitation(dependencies) }),
      implementation(SignUpPageService, {
        getSignUpPolicy: getSignUpPolicy(dependencies),
        getSignUp: getSignUp(dependencies),
      }),
      implementation(NewPasswordService, { judgeNewPassword: judgeNewPassword(dependencies) }),
      implementation(AccountService, { changePassword: changePassword(dependencies) }),
      implementation(EmailService, {
        sendEmailVerification: sendEmailVerification(dependencies),
        startEmailChange: startEmailChange(dependencies),
        confirmEmail: confirmEmail(dependencies),
      }),
      implementation(PersonalDataService, { collectPersonalData: collectPersonalData(dependencies) }),
      implementation(MailServerService, {
        getMailServer: getMailServer(dependencies),
        updateMailServer: updateMailServer(dependencies),
        sendTestMail: sendTestMail(dependencies),
      }),
      implementation(MailSettingsService, {
        getMailSettings: getMailSettings(dependencies),
        updateMailSettings: updateMailSettings(dependencies),
      }),
      implementation(MailTemplateService, {
        getMailTemplate: getMailTemplate(dependencies),
        listMailTemplates: listMailTemplates(dependencies),
        updateMailTemplate: updateMailTemplate(dependencies),
        deleteMailTemplate: deleteMailTemplate(dependencies),
        previewMailTemplate: previewMailTemplate(dependencies),
      }),
      implementation(ShownMailService, { listShownMails: listShownMails(dependencies) }),
    ],
    readings: [tellAccountChanged(dependencies)],
    async finishWrite(entry) {
      for (const finish of finishing) await finish(entry);
    },
    // A short lease: after a death, people get their mails by another process within seconds.
    duties: [{ name: "mails", step: () => mailDeliveries.step(), lease: 4_000 }],
    stop: () => mailDeliveries.stop(),
    forget: forgetChanged(dependencies),
  };
}
