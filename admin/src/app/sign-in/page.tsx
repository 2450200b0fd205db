import { SignIn } from '@/features/sign-in/sign-in';

export default function SignInPage() {
  return <SignIn />;
}
